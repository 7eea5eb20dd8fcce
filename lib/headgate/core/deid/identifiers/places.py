"""Hospitals and surgeries in free texts, whichever they are: what stands before their kind."""

import re
from collections.abc import Iterator

from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.identifiers.vocabulary import is_common_in_places

# What places of care are in Scandinavia and Finland, after a name of their own
KIND = re.compile(
    r"(?<=[^\W\d_] )(?i:(?:(?:universitets?|univ|sentral|central|fylkes|läns)[. -]{0,2})?"
    r"(?:sykehus|sjukehus|sjukhus)(?:et)?|hospital(?:et)?|(?:yliopistollinen |keskus)?sairaala"
    r"|lege(?:kontor|senter|vakt)(?:et|en|a)?|læge(?:hus|klinik)|(?:vård|hälso)central(?:en)?"
    r"|terveyskeskus|sykehjem|sjukeheim|dps)(?![^\W_])"
)
BEFORE = re.compile(r"(?<![^\W_])[^\W\d_][\w.-]{2,30} \Z")
MOST_WORDS, LONGEST, SHORTEST = 2, 32, 4
# words that begin a sentence, or say no more than that it is another place
OF_ANY = frozenset({
    "fra", "fran", "til", "till", "ved", "vid", "pa", "og", "och", "annet", "andre", "anna",
    "annat", "ekstern", "eksternt", "externt", "lokalt", "nytt", "vart", "eget", "overfort",
    "sendt", "innlagt", "from", "other", "another", "the",
})  # fmt: skip


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Given a text, yield where the name of a place of care and its kind stand."""
    for found in KIND.finditer(text):
        start = _start_of_name(text, found.start(), is_in_capitals=found[0].isupper())
        if start < found.start():
            yield start, found.end()


def _start_of_name(text: str, position: int, *, is_in_capitals: bool) -> int:
    for _ in range(MOST_WORDS):
        found = BEFORE.search(text, max(position - LONGEST, 0), position)
        if found is None or not _is_name(found[0].rstrip(), is_in_capitals=is_in_capitals):
            break
        position = found.start()
    return position


def _is_name(word: str, *, is_in_capitals: bool) -> bool:
    is_written_as_one = word[1].islower() or (is_in_capitals and len(word) >= SHORTEST)
    return (
        word[0].isupper()
        and is_written_as_one
        and fold(word) not in OF_ANY
        and not is_common_in_places(word)
    )
