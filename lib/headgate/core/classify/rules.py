"""Which types a series has: rules in FIONA's format, checked when loaded, then applied.

A rule gives its type when all of its conditions hold. A condition tests one value, or refers to
another rule by its id: `rule` holds when that rule does, `notrule` when it does not as a whole.
A rule with `check: SeriesLevel` looks at the values of the series alone, any other at the header
of the instance, then at those of the series. Both find under `ClassifyType` the types given so
far. `negate: yes` turns the result of a test round: a negated test holds on an absent value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.core.classify.operators import (
    APPROXIMATION,
    WITHOUT_VALUE,
    Test,
    numbers,
    several,
    test_of,
)
from headgate.core.errors import Misconfigured

SERIES_LEVEL = "SeriesLevel"
TYPES = "ClassifyType"
RULE_KEYS = frozenset({"type", "id", "description", "check", "rules"})
CONDITION_KEYS = frozenset({"tag", "value", "operator", "approxLevel", "negate", "description"})
YES = frozenset({"yes", "true", "1"})


@dataclass(frozen=True)
class Condition:
    """A test of the value under a key, of one of its parts, or of all; or a reference."""

    key: str
    index: int | None
    test: Test | None
    is_negated: bool


@dataclass(frozen=True)
class Rule:
    """A type and the conditions that give it."""

    type: str
    is_of_series: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Rules:
    """Rules in their order, and the places of those that have an id."""

    rules: tuple[Rule, ...]
    places: Mapping[str, int]


def load_rules(data: list[dict[str, Any]]) -> Rules:
    """Given rules as read from JSON, return them ready to be applied.

    Raise Misconfigured, naming the rule, where one cannot be: an unknown key, operator or id, an
    id given twice, a regular expression that is none, references that go round in a circle.
    """
    if not isinstance(data, list):
        raise Misconfigured("classification rules are not a list")
    names = [_name(rule, position) for position, rule in enumerate(data)]
    rules = tuple(_rule(rule, name) for rule, name in zip(data, names, strict=True))
    places: dict[str, int] = {}
    for position, rule in enumerate(data):
        identity = rule.get("id")
        if identity in places:
            raise Misconfigured(f"the id of classification rule {identity!r} is given twice")
        if identity is not None:
            places[identity] = position
    result = Rules(rules, places)
    _check_references(result, names)
    return result


def classify(rules: Rules, header: Mapping[str, Any], series: Mapping[str, Any]) -> list[str]:
    """Given rules, the values of an instance's header and of its series, return its types.

    They are in the order of the rules, each once. Keys of the values are keywords and, for the
    header, also tags as `gggg,eeee` in lower-case hexadecimal.
    """
    types: list[str] = []
    known = several(series.get(TYPES) or [])
    for rule in rules.rules:
        seen = {TYPES: [*known, *types]}
        if rule.type not in types and _holds(rules, rule, (header, series, seen)):
            types.append(rule.type)
    return types


Values = tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]


def _holds(rules: Rules, rule: Rule, values: Values) -> bool:
    return all(_condition_holds(rules, rule, one, values) for one in rule.conditions)


def _condition_holds(rules: Rules, rule: Rule, condition: Condition, values: Values) -> bool:
    if condition.test is None:
        holds = _holds(rules, rules.rules[rules.places[condition.key]], values)
    else:
        value = _value(rule, condition.key, values)
        holds = condition.test(_part(value, condition.index))
    return holds != condition.is_negated


def _value(rule: Rule, key: str, values: Values) -> Any:
    header, series, seen = values
    places = (seen, series) if rule.is_of_series else (seen, header, series)
    return next((place[key] for place in places if key in place), None)


def _part(value: Any, index: int | None) -> Any:
    if index is None or value is None:
        return value
    parts = several(value)
    return parts[index] if index < len(parts) else None


def _name(rule: Any, position: int) -> str:
    if not isinstance(rule, dict):
        raise Misconfigured(f"classification rule {position + 1} is not an object")
    return str(rule.get("id") or f"{rule.get('type', '?')} (number {position + 1})")


def _rule(rule: dict[str, Any], name: str) -> Rule:
    _check(set(rule) <= RULE_KEYS, name, f"has keys other than {sorted(RULE_KEYS)}")
    _check(isinstance(rule.get("type"), str) and rule["type"], name, "has no type")
    _check(rule.get("check") in (None, SERIES_LEVEL), name, f"has a check not {SERIES_LEVEL!r}")
    conditions = rule.get("rules")
    _check(isinstance(conditions, list) and conditions, name, "has no rules within")
    made = tuple(_condition(one, name) for one in conditions or ())
    return Rule(rule["type"], rule.get("check") == SERIES_LEVEL, made)


def _condition(data: Any, name: str) -> Condition:
    _check(isinstance(data, dict), name, "has a condition that is not an object")
    for word in ("rule", "notrule"):
        if word in data:
            _check(len(data) == 1, name, f"has {word!r} beside other keys in one condition")
            return Condition(str(data[word]), None, None, word == "notrule")
    _check(set(data) <= CONDITION_KEYS, name, f"has a condition with keys {sorted(data)}")
    key, index = _key(data.get("tag"), name)
    operator = data.get("operator", "regexp")
    _check("value" in data or operator in WITHOUT_VALUE, name, "has a condition without a value")
    level = numbers(data.get("approxLevel", APPROXIMATION))
    _check(level is not None and len(level) == 1, name, "has an approxLevel that is no number")
    try:
        test = test_of(operator, data.get("value"), level[0] if level else APPROXIMATION)
    except Misconfigured as error:
        raise Misconfigured(f"classification rule {name!r}: {error}") from error
    return Condition(key, index, test, str(data.get("negate", "no")).lower() in YES)


def _key(tag: Any, name: str) -> tuple[str, int | None]:
    is_known = isinstance(tag, list) and 1 <= len(tag) <= 3
    _check(is_known, name, "has a tag that is not a list of one to three texts")
    if len(tag) == 1:
        return str(tag[0]), None
    try:
        group, element = (int(str(part), 16) for part in tag[:2])
        index = int(tag[2]) if len(tag) == 3 else None
    except ValueError as error:
        message = f"classification rule {name!r} has a tag whose numbers cannot be read"
        raise Misconfigured(message) from error
    return f"{group:04x},{element:04x}", index


def _check_references(rules: Rules, names: list[str]) -> None:
    done: set[int] = set()
    for position in range(len(rules.rules)):
        _follow(rules, names, position, (), done)


def _follow(
    rules: Rules, names: list[str], position: int, above: tuple[int, ...], done: set[int]
) -> None:
    if position in above:
        raise Misconfigured(f"classification rule {names[position]!r} refers back to itself")
    if position in done:
        return
    for identity in _references(rules.rules[position]):
        if identity not in rules.places:
            message = f"classification rule {names[position]!r} refers to {identity!r}"
            raise Misconfigured(f"{message}, which is the id of none")
        _follow(rules, names, rules.places[identity], (*above, position), done)
    done.add(position)


def _references(rule: Rule) -> Iterator[str]:
    return (one.key for one in rule.conditions if one.test is None)


def _check(holds: object, name: str, problem: str) -> None:
    if not holds:
        raise Misconfigured(f"classification rule {name!r} {problem}")
