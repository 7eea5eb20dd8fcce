"""What a PACS says it holds, study by study, asked by C-FIND of the study root model."""

from collections.abc import Iterable, Mapping

from headgate.core.pacsrows import INSTANCE_KEYWORDS, SERIES_KEYWORDS, STUDY_KEYWORDS
from headgate.core.upperlayer.negotiation import IMPLICIT_LITTLE
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.channel import Peer

Told = Mapping[str, str]


class Asked:
    """One PACS, and the association over which it is asked; it is opened when first needed."""

    def __init__(self, peer: Peer, at_most: int) -> None:
        self._peer, self._at_most = peer, at_most
        self._association: pacs.Association | None = None

    def studies(self, **values: str) -> tuple[list[Told], bool]:
        """Given what studies are asked for, by keyword, return what is told of them, and whether
        that is all: no more is read than the PACS may be expected to tell.

        Raise Unsupported, Unavailable.
        """
        return self._find("STUDY", STUDY_KEYWORDS, values)

    def series(self, study: str) -> tuple[list[Told], bool]:
        """Given a study, return what is told of its series, and whether that is all.

        Raise Unsupported, Unavailable.
        """
        return self._find("SERIES", SERIES_KEYWORDS, {"StudyInstanceUID": study})

    def instances(self, study: str, series: str) -> tuple[list[Told], bool]:
        """Given a study and a series of it, return what is told of its instances, and whether
        that is all. Raise Unsupported, Unavailable.
        """
        values = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
        return self._find("IMAGE", INSTANCE_KEYWORDS, values)

    def close(self) -> None:
        """End the association."""
        if self._association is not None:
            self._association.release()

    def _find(
        self, level: str, keywords: Iterable[str], values: Mapping[str, str]
    ) -> tuple[list[Told], bool]:
        query = {
            "SpecificCharacterSet": "ISO_IR 192", "QueryRetrieveLevel": level,
            **dict.fromkeys(keywords, ""), **values,
        }  # fmt: skip
        found: list[Told] = []
        association = self._opened()
        try:
            for answer in association.find(query):
                found.append({one: answer.get(one, "").replace("\\", "/") for one in keywords})
                if len(found) >= self._at_most:
                    association.abort()
                    return found, False
        except pacs.CutShort:
            return found, False
        return found, True

    def _opened(self) -> pacs.Association:
        one = self._association
        if one is None or not one.is_open or not one.is_quiet():  # a PACS ends what is idle
            self.close()
            kinds = [(pacs.STUDY_ROOT_FIND, IMPLICIT_LITTLE)]
            one = self._association = pacs.associate(self._peer, kinds)
        return one
