"""One line an event: time, level, step, run id, item id, text; never a patient's identifier."""

import logging
import logging.handlers
import os
import sys
import warnings
from pathlib import Path

LINE = "%(asctime)s %(levelname)s {step} {run} %(item)s %(message)s"
LIBRARIES = ("pydicom", "pynetdicom", "urllib3", "nibabel", "uvicorn", "python_multipart")
LEVELS = {-1: logging.ERROR, 0: logging.INFO, 1: logging.DEBUG}


class ItemFilter(logging.Filter):
    """A line that names no item gets a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.item = getattr(record, "item", "-")
        return True


def set_up(step: str, run: str, folder: str, verbosity: int) -> logging.Logger:
    """Given a script, its run, and where logs lie, return the logger that writes there.

    Where the folder cannot be had, lines go to standard error. The libraries' own lines may quote
    values of patients: they are silenced.
    """
    warnings.simplefilter("ignore")
    for name in LIBRARIES:
        _silence(logging.getLogger(name))
    handler = _handler(step, folder)
    handler.addFilter(ItemFilter())
    form = LINE.format(step=step, run=run)
    handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.getLogger("headgate")
    logger.handlers[:] = [handler]
    logger.setLevel(LEVELS[max(min(LEVELS), min(verbosity, max(LEVELS)))])
    logger.propagate = False
    return logger


def _silence(library: logging.Logger) -> None:
    """One that is loaded later may set its level back: then its lines still go nowhere."""
    library.setLevel(logging.CRITICAL + 1)
    library.handlers[:] = [logging.NullHandler()]
    library.propagate = False


def _handler(step: str, folder: str) -> logging.Handler:
    if folder and os.access(folder, os.W_OK | os.X_OK):
        return logging.handlers.WatchedFileHandler(Path(folder) / f"{step}.log", encoding="utf-8")
    return logging.StreamHandler(sys.stderr)
