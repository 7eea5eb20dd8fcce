"""Take whole-slide images from slides/ into the quarantine as DICOM, or hand them to a share."""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

from headgate.context import Context
from headgate.core.errors import Misconfigured, Rejected, Unavailable
from headgate.core.slides import SUFFIXES
from headgate.core.step import Outcome, Step, deferred, error, ok
from headgate.stores import slides, walking
from headgate.stores.slides import Slide
from headgate.stores.walking import Locked

NAME = "process-wsi"
CALLING = "SLIDES"
SECONDS_A_MINUTE = 60


def plan(context: Context) -> Iterator[Slide | Locked | str]:
    """Yield what runs that died left, then the slides that nobody writes any more and that somebody
    tells of, or had the time to.
    """
    closed: list[Path] = []
    several = list(context.slides.each(closed.append))
    yield from map(walking.locked, closed)
    yield from sorted(context.slides.leftovers() - {one.key for one in several})
    for slide in several:
        if walking.is_closed(slide.path, context.now()) and _is_told_of(context, slide):
            yield slide


def apply(context: Context, item: Slide | Locked | str) -> Iterator[Outcome]:
    """Hand it on; then, and only then, take it out of slides/. Raise Misconfigured."""
    if isinstance(item, Locked):
        yield error(item, item.told(str(context.layout.slides)))
        return
    context.slides.clear_work()
    if isinstance(item, str):
        context.slides.clear(item)
        return
    try:
        done = _copied(context, item) if _is_copied(context) else _converted(context, item)
    except Unavailable as reason:
        yield deferred(item, str(reason))
        return
    except Rejected as reason:
        context.slides.fail(item, str(reason))
        yield error(item, f"{reason}; it lies in slides/{slides.FAILED}/{item.key}/: move it back "
                    "once that is settled")  # fmt: skip
        return
    context.slides.forget(item)
    yield ok(item, done)


def _is_copied(context: Context) -> bool:
    return context.settings.slides.mode == "copy"


def _is_told_of(context: Context, slide: Slide) -> bool:
    """A note may come after its slide."""
    settings = context.settings.slides
    if _is_copied(context) or context.slides.ready(slide):
        return True
    if context.slides.is_told_of(slide, settings.coupling_list):
        return True
    age = context.now() - slide.path.stat().st_mtime
    return age > settings.note_minutes * SECONDS_A_MINUTE


def _copied(context: Context, slide: Slide) -> str:
    _check_kind(slide)
    share = Path(context.settings.slides.share)
    if not context.settings.slides.share:
        raise Misconfigured("slides.mode is copy: set slides.share to the folder")
    if not share.is_dir():  # one that is not mounted: nothing is put beneath
        raise Unavailable("the folder of slides.share is not there: mount or make it")
    try:
        context.slides.copy(slide, share)
    except OSError as trouble:
        raise Unavailable(f"the share cannot be written ({trouble.strerror})") from trouble
    return "handed to the share, its bytes compared"


def _converted(context: Context, slide: Slide) -> str:
    from headgate.arriving import resending

    _check_kind(slide)
    levels = context.slides.ready(slide)
    if not levels:
        values = context.slides.told(slide, context.settings.slides.coupling_list)
        context.slides.convert(slide, values, _uids(context, slide, values))
        levels = context.slides.ready(slide)
    troubles = [one for one in resending.to_receiver(context, levels, CALLING) if one]
    if troubles:
        raise Unavailable(f"{len(troubles)} levels are not there yet: {troubles[0]}")
    return f"{len(levels)} levels are in the quarantine, without label and overview"


def _check_kind(slide: Slide) -> None:
    if slide.path.suffix.lower() not in SUFFIXES:
        raise Rejected(f"it is no slide: the endings are {', '.join(SUFFIXES)}")


def _uids(context: Context, slide: Slide, values: dict[str, str]) -> dict[str, str]:
    """Slides of one accession number make a study; without one, each makes its own."""
    from headgate.core.deid.uids import uid_of

    digest = slides.digest(slide)
    whose = f"{values['patient_id']}\0{values.get('accession_number') or digest}"
    key = context.site_key
    own = hmac.digest(key, f"slide\0{whose}\0{digest}".encode(), hashlib.sha256)
    return {
        "study": values.get("study_uid") or uid_of(f"slides\0{whose}", key),
        "series": uid_of(f"slide\0{whose}\0{digest}", key),
        "key": own.hex(),
    }


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
