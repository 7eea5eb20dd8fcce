"""The statements that say which studies and series a workflow runs over, as FIONA's ror has them.

SELECT study FROM study WHERE series named "one" has Modality = "MR" and NumFiles > 20
ALSO WHERE series named "other" has ClassifyType containing "T1"
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, UnexpectedInput, VisitError

from headgate.core.errors import Misconfigured

LONGEST, DEEPEST = 10_000, 100
DEEPER = re.compile(r"\(|\bnot\b", re.IGNORECASE)
# and, or: of one rank, from left to right, as in ror
GRAMMAR = r"""
statement: _SELECT LEVEL? (_FROM LEVEL)? clauses?
clauses: _WHERE clause (_ALSO clause)*
clause: (LEVEL (_NAMED _name)? _HAS)? rules
_name: STRING | WORD
rules: rule ((AND | OR) rule)*
?rule: NOT rule -> negation
    | "(" rules ")"
    | field COMPARE value -> comparison
    | field REGEXP value -> matching
    | field CONTAINING value -> containing
field: WORD -> keyword
    | "(" code "," code ")" -> tag
!code: STRING | WORD | NUMBER
!value: STRING | WORD | NUMBER
_SELECT.3: /select\b/i
_FROM.3: /from\b/i
_ALSO.4: /(also|and)\s+where\b|(also|and)(?=\s+(series|study)\s+(named|has)\b)/i
_WHERE.3: /where\b/i
_NAMED.3: /named\b/i
_HAS.3: /has\b/i
LEVEL.3: /(study|series|image|patient|participant|project)\b/i
AND.3: /and\b/i
OR.3: /or\b/i
NOT.3: /not\b/i
REGEXP.3: /regexp\b/i
CONTAINING.3: /(containing|contains)\b/i
COMPARE: "==" | "=" | "!=" | "<=" | ">=" | "<" | ">"
NUMBER.2: /[+-]?\d+(\.\d+)?(?![\w.])/
STRING: /"[^"]*"|'[^']*'/
WORD: /[^\W\d]\w*|\d\w*/
%ignore /\s+/
"""
LEVELS = ("study", "series")
OTHER_NAMES = {"NumImages": "NumFiles"}  # name in ror: key of the series JSON
COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Series = Mapping[str, Any]
Rule = Callable[[Series], bool]


class Unreadable(Misconfigured):
    """The statement is none: the message tells where."""


@dataclass(frozen=True)
class Clause:
    """What one series, or the study as a whole, has to have."""

    level: str
    rule: Rule


@dataclass(frozen=True)
class Statement:
    """Which of a study's series are wanted."""

    level: str = "study"
    clauses: tuple[Clause, ...] = ()

    def chosen(self, several: Iterable[Series]) -> list[str]:
        """Given what is told of each series of a study, return the UIDs of those that are wanted.

        All of a study where each clause is met, or with `SELECT series` those that meet one; none
        of another study.
        """
        series = list(several)
        found: dict[str, None] = {}
        for clause in self.clauses:
            met = _meeting(clause, series)
            if not met:
                return []
            found.update(dict.fromkeys(met))
        everything = [_uid(one) for one in series]
        is_part = self.level == "series" and bool(self.clauses)
        return [uid for uid in everything if uid in found] if is_part else everything


@lru_cache(maxsize=64)
def parsed(text: str) -> Statement:
    """Given a statement, return it; a blank one wants all. Raise Unreadable, telling where."""
    if not text.strip():
        return Statement()
    if len(text) > LONGEST:
        raise Unreadable(f"the statement is longer than {LONGEST} characters")
    if len(DEEPER.findall(text)) > DEEPEST:
        raise Unreadable(f"the statement has more than {DEEPEST} brackets and negations")
    try:
        statement: Statement = Builder().transform(PARSER.parse(text))
    except UnexpectedInput as error:
        raise Unreadable(_where(text, error)) from error
    except VisitError as error:
        raise Unreadable(str(error.orig_exc)) from error
    except LarkError as error:
        raise Unreadable("the statement cannot be read") from error
    return statement


class Builder(Transformer[Token, Any]):
    """Makes functions of the parts of a statement."""

    def statement(self, parts: list[Any]) -> Statement:
        levels = [part for part in parts if isinstance(part, Token)]
        clauses = next((part for part in parts if isinstance(part, tuple)), ())
        for level in levels:
            _check_level(level)
        return Statement(levels[0].lower() if levels else "series", clauses)

    def clauses(self, parts: list[Clause]) -> tuple[Clause, ...]:
        return tuple(parts)

    def clause(self, parts: list[Any]) -> Clause:
        level = parts[0] if isinstance(parts[0], Token) and parts[0].type == "LEVEL" else "series"
        if isinstance(level, Token):
            _check_level(level)
        return Clause(level.lower(), parts[-1])

    def rules(self, parts: list[Any]) -> Rule:
        others = [
            (word.type == "AND", rule) for word, rule in zip(parts[1::2], parts[2::2], strict=True)
        ]

        def met(series: Series) -> bool:
            found = bool(parts[0](series))
            for is_both, rule in others:
                found = (found and rule(series)) if is_both else (found or rule(series))
            return found

        return met

    def negation(self, parts: list[Any]) -> Rule:
        rule: Rule = parts[-1]
        return lambda series: not rule(series)

    def comparison(self, parts: list[Any]) -> Rule:
        field, sign, value = parts
        if sign in COMPARISONS:
            return _measured(field, COMPARISONS[sign], _number(value))
        if sign == "!=":
            return lambda series: field(series) != [] and not _has(field(series), value)
        return lambda series: _has(field(series), value)

    def containing(self, parts: list[Any]) -> Rule:
        """An element of a list, or a part of a text."""
        field, _, value = parts
        return lambda series: (
            _has(field(series), value)
            or (len(field(series)) == 1 and str(value) in str(field(series)[0]))
        )

    def matching(self, parts: list[Any]) -> Rule:
        field, _, value = parts
        try:
            pattern = re.compile(str(value))
        except re.error as error:
            raise Unreadable(f"{_place(value)}: {value!s:.80} is no pattern ({error})") from error
        return lambda series: any(pattern.search(str(one)) for one in field(series))

    def keyword(self, parts: list[Token]) -> Callable[[Series], list[Any]]:
        name = OTHER_NAMES.get(str(parts[0]), str(parts[0]))
        return lambda series: _listed(series.get(name))

    def tag(self, parts: list[Token]) -> Callable[[Series], list[Any]]:
        from headgate.core.dicom.dictionary import keyword_of

        try:
            group, element = (int(str(part), 16) for part in parts)
        except ValueError as error:
            raise Unreadable(f"{_place(parts[0])}: a tag is two hexadecimal numbers") from error
        name = keyword_of(group << 16 | element)
        if not name:
            raise Unreadable(f"{_place(parts[0])}: no element has the tag {parts[0]},{parts[1]}")
        return lambda series: _listed(series.get(name))

    def code(self, parts: list[Token]) -> Token:
        return _unquoted(parts[0])

    def value(self, parts: list[Token]) -> Token:
        return _unquoted(parts[0])


def _measured(
    field: Callable[[Series], list[Any]], compare: Callable[[Any, Any], bool], limit: float
) -> Rule:
    return lambda series: any(compare(one, limit) for one in _numbers(field(series)))


def _numbers(values: Iterable[Any]) -> Iterator[float]:
    for value in values:
        try:
            yield float(value)
        except (TypeError, ValueError):
            continue


def _number(value: Token) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise Unreadable(f"{_place(value)}: {value!s:.80} is no number") from error


def _has(values: list[Any], value: Token) -> bool:
    """A number equals another however it is written."""
    wanted = list(_numbers([value]))
    return any(
        str(one) == str(value) or (bool(wanted) and list(_numbers([one])) == wanted)
        for one in values
    )


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _meeting(clause: Clause, series: list[Series]) -> list[str]:
    """The series that meet it: all of them where it is the study that does."""
    if clause.level == "study":
        whole = {key: _values(series, key) for key in {key for one in series for key in one}}
        return [_uid(one) for one in series] if clause.rule(whole) else []
    return [_uid(one) for one in series if clause.rule(one)]


def _values(series: list[Series], key: str) -> list[Any]:
    found = [value for one in series for value in _listed(one.get(key))]
    return [value for place, value in enumerate(found) if value not in found[:place]]


def _uid(series: Series) -> str:
    return str(series.get("SeriesInstanceUID", ""))


def _unquoted(token: Token) -> Token:
    return token.update(value=token[1:-1]) if token.type == "STRING" else token


def _check_level(level: Token) -> None:
    if level.lower() not in LEVELS:
        raise Unreadable(f"{_place(level)}: a workflow is over a study or series, not {level}")


def _place(token: Any) -> str:
    return f"line {token.line}, column {token.column}"


def _where(text: str, error: UnexpectedInput) -> str:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return "the end: something is missing after " + repr(text.strip()[-20:])
    word = text[error.pos_in_stream or 0 :].split(maxsplit=1)[0]
    return f"line {error.line}, column {error.column}: {word[:40]!r} is not expected here"


PARSER = Lark(GRAMMAR, start="statement", parser="lalr", lexer="contextual",
              maybe_placeholders=False)  # fmt: skip
