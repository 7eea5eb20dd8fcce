"""The trees that people and scripts read: raw/, participants/, unknown/, and their spool marks."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from headgate.core.grammar import safe_name
from headgate.stores import files, links
from headgate.stores.layout import Layout

SERIES_SUFFIX = ".json"


class Trees:
    """The indexes over the archive."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    # arrivals

    def arrivals(self) -> list[Path]:
        """Return the arrival links, sorted, so that a study's stand together."""
        return [self._layout.arrived / name for name in files.names_in(self._layout.arrived)]

    # raw/

    def file_instance(self, study: str, series: str, sop_instance: str, file: Path) -> Path | None:
        """Given an instance and its file, link it into raw/; return the file it clashes with.

        A link that is there already stays: the first bytes under a UID count. Raise Unavailable.
        """
        name = f"{self._layout.raw}/{study}/{series}/{sop_instance}"
        try:
            is_new = links.point(name, file)
        except FileNotFoundError:  # the first of its series
            files.make_folders(Path(name).parent)
            is_new = links.point(name, file)
        if is_new:
            return None
        link = Path(name)
        there = links.target_of(link)
        if there == file:
            return None
        if there.exists():
            return there
        files.remove(link)  # the archive no longer has what it pointed to
        links.point(link, file)
        return None

    def studies(self) -> list[str]:
        """Return the UIDs of the studies in raw/."""
        return files.names_in(self._layout.raw)

    def instances(self, study: str) -> dict[str, Path]:
        """Given a study, return the file of each of its SOP instances, by series and instance."""
        found = {}
        for series in self.series_names(study):
            folder = self._layout.study_raw(study) / series
            for name in files.names_in(folder):
                found[name] = folder / name
        return found

    def series_names(self, study: str) -> list[str]:
        """Given a study, return the UIDs of its series that have a folder."""
        names = files.names_in(self._layout.study_raw(study))
        return [name for name in names if not name.endswith(SERIES_SUFFIX)]

    def count(self, study: str, series: str) -> int:
        """Given a series, return how many distinct instances it has."""
        return len(files.names_in(self._layout.study_raw(study) / series))

    def read_series(self, study: str, series: str) -> dict[str, Any]:
        """Given a series, return its JSON; empty when there is none, or half of one."""
        path = self._layout.study_raw(study) / (series + SERIES_SUFFIX)
        try:
            values = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def write_series(self, study: str, series: str, values: Mapping[str, Any]) -> None:
        """Given what is told of a series, write its JSON where it changed. Raise Unavailable."""
        if self.read_series(study, series) == values:
            return
        path = self._layout.study_raw(study) / (series + SERIES_SUFFIX)
        text = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)
        files.write_whole(path, text)

    def all_series(self, study: str) -> list[dict[str, Any]]:
        """Given a study, return the JSON of each of its series."""
        names = files.names_in(self._layout.study_raw(study))
        series = [
            name.removesuffix(SERIES_SUFFIX) for name in names if name.endswith(SERIES_SUFFIX)
        ]
        return [self.read_series(study, name) for name in series]

    def forget(self, study: str) -> None:
        """Given a study, remove its links and JSON from raw/."""
        folder = self._layout.study_raw(study)
        for series in self.series_names(study):
            for name in files.names_in(folder / series):
                files.remove(folder / series / name)
            (folder / series).rmdir()
        for name in files.names_in(folder):
            files.remove(folder / name)
        with suppress(FileNotFoundError):
            folder.rmdir()

    # participants/

    def link_participant(self, patient_id: str, date: str, time: str, study: str) -> None:
        """Given whose study it is and when it was made, link it; two of one second get two links.

        Raise Unavailable.
        """
        folder = self._layout.participant(patient_id)
        files.make_folders(folder)
        when = safe_name(f"{date or 'without_date'}_{time or 'without_time'}")
        target = self._layout.study_raw(study)
        for name in (when, f"{when}_{study}"):
            link = folder / name
            if links.point(link, target) or links.target_of(link) == target:
                return

    def studies_of(self, patient_id: str) -> list[str]:
        """Given a patient, return the studies that are here."""
        folder = self._layout.participant(patient_id)
        targets = {links.target_of(folder / name) for name in files.names_in(folder)}
        return sorted(one.name for one in targets if one.parent == self._layout.raw)

    def unlink_participant(self, patient_id: str, study: str) -> None:
        """Given whose study it was, remove its links, and the folder if it is empty then."""
        folder = self._layout.participant(patient_id)
        for name in files.names_in(folder):
            if links.target_of(folder / name) == self._layout.study_raw(study):
                files.remove(folder / name)
        with suppress(OSError):
            folder.rmdir()

    # unknown/

    def set_aside(self, name: str, file: Path, reason: str) -> None:
        """Given an arrival and its file, link it into unknown/ beside the reason."""
        why = {"reason": reason, "file": os.path.relpath(file, self._layout.site)}
        files.write_whole(self._layout.unknown / f"{name}.json", json.dumps(why, indent=1))
        links.point(self._layout.unknown / name, file)

    def unknown(self) -> Iterator[tuple[str, str, Path]]:
        """Yield each name in unknown/ with its reason and the file in the archive."""
        for name in files.names_in(self._layout.unknown):
            if name.endswith(SERIES_SUFFIX):
                continue
            reason = ""
            with suppress(FileNotFoundError, ValueError, AttributeError):
                why = json.loads((self._layout.unknown / f"{name}.json").read_text())
                reason = str(why.get("reason", ""))
            yield name, reason, links.target_of(self._layout.unknown / name)
