"""The grammar of REDCap's logic."""

import re
from functools import lru_cache
from typing import Any

from lark import Lark
from lark.exceptions import LarkError

from headgate.tracker.wire.answers import Refused

LONGEST = 20_000
DEEPEST = 40
GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND negation)*
negation: NOT* comparison
?comparison: sum (COMPARE sum)?
sum: product (SIGN product)*
product: power (TIMES power)*
power: signed (_POWER signed)*
signed: SIGN* atom
?atom: NUMBER -> number
    | STRING -> string
    | TRUTH -> truth
    | "[" NAME "]" -> field
    | "[" NAME "]" "[" NAME "]" -> event_field
    | "[" NAME "]" "[" NUMBER "]" -> instance_field
    | "[" NAME "]" "[" NAME "]" "[" NUMBER "]" -> event_instance_field
    | "[" NAME "(" CODE ")" "]" -> option
    | "[" NAME "]" "[" NAME "(" CODE ")" "]" -> event_option
    | NAME "(" (either ("," either)*)? ")" -> call
    | "(" either ")"
_OR.2: /or\b|\|\|/i
_AND.2: /and\b|&&/i
TRUTH.2: /(true|false)\b/i
NOT.2: /not\b|!(?!=)/i
COMPARE: "<=" | ">=" | "<>" | "!=" | "=" | "<" | ">"
SIGN: "+" | "-"
TIMES: "*" | "/" | "%"
_POWER: "^"
NUMBER: /\d+(\.\d*)?|\.\d+/
STRING: /"[^"]*"|'[^']*'/
NAME: /[A-Za-z_][A-Za-z0-9_-]*|\d\w*[A-Za-z_][A-Za-z0-9_-]*/
CODE.3: /(?<=\()[A-Za-z0-9_.-]+(?=\)\])/
%ignore /\s+/
"""
PARSER = Lark(GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=False)


@lru_cache(maxsize=256)
def parsed(text: str) -> Any:
    """Given logic, return its tree. Raise Refused if it has a syntax error."""
    if len(text) > LONGEST or _depth(text) > DEEPEST:
        raise Refused("The filter logic is too long or too deeply nested.")
    try:
        return PARSER.parse(text)
    except LarkError as error:
        # REDCap's own text for a syntax error is not established.
        place = getattr(error, "pos_in_stream", None)
        where = f" near character {place + 1}" if isinstance(place, int) else ""
        raise Refused(f"The filter logic has a syntax error{where}.") from error


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in re.findall(r"[()]", text):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
    return deepest
