"""REDCap's logic, as filterLogic has it: a grammar, and its meaning for a row."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from headgate.tracker.logic.functions import ARITHMETIC, FUNCTIONS, Scope, Value, compare, truth
from headgate.tracker.model.dictionary import checkbox_column
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
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
product: signed (TIMES signed)*
signed: SIGN* atom
?atom: NUMBER -> number
    | STRING -> string
    | TRUTH -> truth
    | "[" NAME "]" -> field
    | "[" NAME "]" "[" NAME "]" -> event_field
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
NUMBER: /\d+(\.\d*)?|\.\d+/
STRING: /"[^"]*"|'[^']*'/
NAME: /[A-Za-z_][A-Za-z0-9_-]*|\d\w*[A-Za-z_][A-Za-z0-9_-]*/
CODE.3: /(?<=\()[A-Za-z0-9_.-]+(?=\)\])/
%ignore /\s+/
"""
PARSER = Lark(GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=False)
Meaning = Callable[[Scope], Value]


def filter_from(text: str, project: Project) -> Callable[[list[Entry]], list[Entry]]:
    """Given filter logic (blank: all rows), return what picks a project's rows. Raise Refused."""
    if not text.strip():
        return list
    meaning = meaning_of(text, project)

    def keep(entries: list[Entry]) -> list[Entry]:
        bases = {(row.record, row.event_id): row for row in entries if not row.instrument}
        return [entry for entry in entries if truth(meaning(Scope(project, entry, bases)))]

    return keep


def meaning_of(text: str, project: Project) -> Meaning:
    """Given logic, return the function that evaluates it for a row. Raise Refused."""
    return _meaning(_parsed(text), project)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
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


def _meaning(tree: Any, project: Project) -> Meaning:
    return MEANINGS[tree.data](tree, project)


def _constant(value: Value) -> Meaning:
    return lambda _: value


def _all_of(parts: Iterable[Tree[Token]], project: Project) -> list[Meaning]:
    return [_meaning(part, project) for part in parts]


def _any(tree: Any, project: Project) -> Meaning:
    parts = _all_of(tree.children, project)
    return lambda scope: any(truth(part(scope)) for part in parts)


def _all(tree: Any, project: Project) -> Meaning:
    parts = _all_of(tree.children, project)
    return lambda scope: all(truth(part(scope)) for part in parts)


def _negation(tree: Any, project: Project) -> Meaning:
    parts = tree.children
    inner = _meaning(parts[-1], project)
    if len(parts) == 1:
        return inner
    wanted = len(parts) % 2 == 1
    return lambda scope: truth(inner(scope)) is wanted


def _comparison(tree: Any, project: Project) -> Meaning:
    first, sign, second = tree.children
    left, right = _meaning(first, project), _meaning(second, project)
    return lambda scope: compare(str(sign), left(scope), right(scope))


def _signed(tree: Any, project: Project) -> Meaning:
    parts = tree.children
    inner = _meaning(parts[-1], project)
    if len(parts) == 1:
        return inner
    negative = sum(str(sign) == "-" for sign in parts[:-1]) % 2 == 1
    subtract = ARITHMETIC["-"] if negative else ARITHMETIC["+"]
    return lambda scope: subtract(0.0, inner(scope))


def _arithmetic(tree: Any, project: Project) -> Meaning:
    parts = tree.children
    first = _meaning(parts[0], project)
    steps = [
        (ARITHMETIC[str(sign)], _meaning(part, project))
        for sign, part in zip(parts[1::2], parts[2::2], strict=True)
    ]
    if not steps:
        return first

    def evaluate(scope: Scope) -> Value:
        value = first(scope)
        for step, part in steps:
            value = step(value, part(scope))
        return value

    return evaluate


def _call(tree: Any, project: Project) -> Meaning:
    name, *parts = tree.children
    if name.lower() not in FUNCTIONS:
        raise Refused(f"The filter logic uses the function {name}, which this server lacks.")
    function, fewest, most = FUNCTIONS[name.lower()]
    if not fewest <= len(parts) <= most:
        raise Refused(f"The filter logic gives the function {name} {len(parts)} values.")
    arguments = _all_of(parts, project)
    return lambda scope: function(*(argument(scope) for argument in arguments))


def _field(tree: Any, project: Project) -> Meaning:
    names = [str(part) for part in tree.children]
    code = names.pop() if tree.data.endswith("option") else None
    field = names.pop().lower()
    event = names.pop() if names else None
    column = field if code is None else checkbox_column(field, code)
    if column not in project.dictionary.columns:
        raise Refused(
            f"The filter logic names the field [{column}], which the project has not got."
        )
    if event is None:
        return operator.methodcaller("value", column)
    if event not in project.event_names:
        raise Refused(f"The filter logic names the event [{event}], which the project lacks.")
    return operator.methodcaller("value_in", project.event_names[event].event_id, column)


MEANINGS: Mapping[str, Callable[[Any, Project], Meaning]] = {
    "number": lambda tree, _: _constant(float(tree.children[0])),
    "string": lambda tree, _: _constant(str(tree.children[0])[1:-1]),
    "truth": lambda tree, _: _constant(str(tree.children[0]).lower() == "true"),
    **dict.fromkeys(("field", "option", "event_field", "event_option"), _field),
    "call": _call,
    "either": _any,
    "both": _all,
    "negation": _negation,
    "comparison": _comparison,
    "signed": _signed,
    **dict.fromkeys(("sum", "product"), _arithmetic),
}
