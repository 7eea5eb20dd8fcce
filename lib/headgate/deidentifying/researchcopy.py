"""What the research copy of an instance says of its study: no pixels are looked at."""

from collections.abc import Iterable
from pathlib import Path

from headgate.core.deid.engine import cleaned, judge
from headgate.core.deid.identity import Recipe
from headgate.core.deid.memory import Memory
from headgate.core.dicom.datasets import decoded
from headgate.stores.dicomfiles import read_instance, understanding


def copied_values(path: Path, recipe: Recipe, keywords: Iterable[str]) -> dict[str, str]:
    """Given a file as it was received and how it is de-identified, return what the copy that
    leaves says by keyword; nothing where an identifier would be left. Raise Rejected, Excluded.
    """
    instance, memory = read_instance(path), Memory()
    with understanding():
        judged = judge(instance.dataset, instance.encoding, recipe, memory)
        header = cleaned(judged, memory, are_pixels_cleaned=True)
        copy = decoded(header.header(), header.encoding)
        return {keyword: str(copy.get(keyword) or "") for keyword in keywords if not header.leaks}
