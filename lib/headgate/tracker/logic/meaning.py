"""What logic means for a row: the value it has there."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lark import Token, Tree

from headgate.tracker.logic.functions import FUNCTIONS, OF_MISSING_CODES
from headgate.tracker.logic.grammar import parsed
from headgate.tracker.logic.scope import SMART, Scope, by_place
from headgate.tracker.logic.values import ARITHMETIC, Value, compare, truth
from headgate.tracker.model.dictionary import checkbox_column
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Refused

Meaning = Callable[[Scope], Value]


def filter_from(text: str, project: Project) -> Callable[[list[Entry]], list[Entry]]:
    """Given filter logic (blank: all rows), return what picks a project's rows. Raise Refused."""
    if not text.strip():
        return list
    meaning = meaning_of(text, project)

    def keep(entries: list[Entry]) -> list[Entry]:
        places = by_place(entries)
        return [entry for entry in entries if truth(meaning(Scope(project, entry, places)))]

    return keep


def meaning_of(text: str, project: Project) -> Meaning:
    """Given logic, return the function that evaluates it for a row. Raise Refused."""
    return _meaning(parsed(text), project)


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
    if about_codes := OF_MISSING_CODES.get(name.lower()):
        if len(parts) != 1:
            raise Refused(f"The filter logic gives the function {name} {len(parts)} values.")
        only, codes = _meaning(parts[0], project), project.missing_codes
        return lambda scope: about_codes(codes, only(scope))
    if name.lower() not in FUNCTIONS:
        raise Refused(f"The filter logic uses the function {name}, which this server lacks.")
    function, fewest, most = FUNCTIONS[name.lower()]
    if not fewest <= len(parts) <= most:
        raise Refused(f"The filter logic gives the function {name} {len(parts)} values.")
    arguments = _all_of(parts, project)
    return lambda scope: function(*(argument(scope) for argument in arguments))


def _power(tree: Any, project: Project) -> Meaning:
    first, *others = _all_of(tree.children, project)
    if not others:
        return first
    raise_to = ARITHMETIC["^"]

    def evaluate(scope: Scope) -> Value:
        value = first(scope)
        for part in others:
            value = raise_to(value, part(scope))
        return value

    return evaluate


def _field(tree: Any, project: Project) -> Meaning:
    names = [str(part) for part in tree.children]
    kind = str(tree.data)
    code = names.pop() if kind.endswith("option") else None
    instance = _instance(names.pop()) if "instance" in kind else 0
    field = names.pop().lower()
    event = names.pop() if names else None
    if field in SMART and event is None and not instance:
        return SMART[field]
    column = field if code is None else checkbox_column(field, code)
    if column not in project.dictionary.columns:
        raise Refused(
            f"The filter logic names the field [{column}], which the project has not got."
        )
    if event is not None and event not in project.event_names:
        raise Refused(f"The filter logic names the event [{event}], which the project lacks.")
    event_id = None if event is None else project.event_names[event].event_id
    if instance:
        return operator.methodcaller("value_at", event_id, instance, column)
    if event_id is not None:
        return operator.methodcaller("value_in", event_id, column)
    return operator.methodcaller("value", column)


def _instance(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise Refused(f"The filter logic names the instance [{text}], which cannot be.")
    return int(text)


MEANINGS: Mapping[str, Callable[[Any, Project], Meaning]] = {
    "number": lambda tree, _: _constant(float(tree.children[0])),
    "string": lambda tree, _: _constant(str(tree.children[0])[1:-1]),
    "truth": lambda tree, _: _constant(str(tree.children[0]).lower() == "true"),
    **dict.fromkeys(("field", "option", "event_field", "event_option"), _field),
    **dict.fromkeys(("instance_field", "event_instance_field"), _field),
    "power": _power,
    "call": _call,
    "either": _any,
    "both": _all,
    "negation": _negation,
    "comparison": _comparison,
    "signed": _signed,
    **dict.fromkeys(("sum", "product"), _arithmetic),
}
