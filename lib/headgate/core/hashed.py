"""Values that are looked up often: what they hash to is worked out once."""

from typing import Any, TypeVar

Type = TypeVar("Type", bound=type)
KEPT = "_kept_hash"


def hashed_once(kind: Type) -> Type:
    """Given a frozen dataclass, return it with a hash that each value works out once.

    It does not travel to other processes, where texts hash to something else.
    """
    worked_out: Any = kind.__hash__

    def kept_hash(self: Any) -> int:
        kept = self.__dict__.get(KEPT)
        if kept is None:
            kept = self.__dict__[KEPT] = worked_out(self)
        return int(kept)

    def state(self: Any) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != KEPT}

    kind.__hash__ = kept_hash  # type: ignore[method-assign,assignment]
    kind.__getstate__ = state  # type: ignore[method-assign,assignment]
    return kind
