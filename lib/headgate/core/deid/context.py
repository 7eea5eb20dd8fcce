"""All that decides what becomes of an element, beside its own bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from headgate.core.deid import dates
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identity import Recipe
from headgate.core.deid.rules import profile
from headgate.core.dicom.elements import Encoding
from headgate.core.dicom.repertoire import DEFAULT, UNICODE
from headgate.core.hashed import hashed_once


@hashed_once
@dataclass(frozen=True)
class Context:
    """What an element's result depends on: two equal contexts give equal results.

    `study` is the Study Instance UID as it came. Items of a sequence that came as UN are read in
    another encoding than they are written in.
    """

    recipe: Recipe
    identifiers: Identifiers
    study: str
    reading: Encoding
    writing: Encoding
    terms: tuple[str, ...] = DEFAULT

    @cached_property
    def days(self) -> int:
        """By how many days dates move."""
        return dates.offset_days(self.recipe)

    @cached_property
    def actions(self) -> Mapping[int, tuple[str, bytes]]:
        """What happens to each standard attribute, and its kind of VR, by tag."""
        return profile.actions(self.recipe.profile)

    @cached_property
    def is_in_unicode(self) -> bool:
        """Whether texts are written as UTF-8, since the recipe's own need it."""
        return not self.recipe.is_in_ascii

    @cached_property
    def written_terms(self) -> tuple[str, ...]:
        """The character sets that texts are written in."""
        return (UNICODE,) if self.is_in_unicode else self.terms

    def within(self, terms: tuple[str, ...], reading: Encoding) -> "Context":
        """Given an item's character sets and encoding, return the context of its elements."""
        if terms == self.terms and reading == self.reading:
            return self
        return replace(self, terms=terms, reading=reading)
