"""One line an event: time, level, step, run id, item id, text; never a patient's identifier."""

import logging
import logging.handlers
import os
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

from headgate.core.bugs import described

LINE = "%(asctime)s %(levelname)s {step} {run} %(item)s %(message)s"
LIBRARIES = ("pydicom", "pynetdicom", "urllib3", "nibabel", "uvicorn", "python_multipart")
LEVELS = {-1: logging.ERROR, 0: logging.INFO, 1: logging.DEBUG}


class ItemFilter(logging.Filter):
    """A line that names no item gets a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.item = getattr(record, "item", "-")
        return True


class LogFile(logging.handlers.WatchedFileHandler):
    """A log file, opened when first needed. What a disk does not take is told once, without the
    trace that logging prints: paths in it may name a patient.
    """

    is_told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Given a line, write it, whatever logrotate(8) did with the file."""
        try:
            super().emit(record)
        except OSError:  # it cannot be opened anew
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 (as in logging)
        """Given a line that cannot be written, let the run go on."""
        if self.stream is not None:
            with suppress(OSError):  # what it has kept back goes with it
                self.stream.close()
            self.stream = None
        if not self.is_told:
            self.is_told = True
            sys.stderr.write(
                f"headgate: the log {self.baseFilename} cannot be written ({sys.exc_info()[1]}): "
                "lines of this run are lacking there\n"
            )


def set_up(step: str, run: str, folder: str, verbosity: int) -> logging.Logger:
    """Given a script, its run, and where logs lie, return the logger that writes there.

    Where the folder cannot be had, lines go to standard error. The libraries' own lines may quote
    values of patients: they are silenced, those too that logging prints where nobody listens.
    """
    warnings.simplefilter("ignore")
    logging.lastResort = logging.NullHandler()
    threading.excepthook = _tell
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


def _tell(died: threading.ExceptHookArgs) -> None:
    """A thread that dies of a bug tells where, without any value."""
    if died.exc_value:
        logging.getLogger("headgate").error("%s", described(died.exc_value))


def _silence(library: logging.Logger) -> None:
    """One that is loaded later may set its level back: then its lines still go nowhere."""
    library.setLevel(logging.CRITICAL + 1)
    library.handlers[:] = [logging.NullHandler()]
    library.propagate = False


def _handler(step: str, folder: str) -> logging.Handler:
    if folder and os.access(folder, os.W_OK | os.X_OK):
        return LogFile(Path(folder) / f"{step}.log", encoding="utf-8", delay=True)
    return logging.StreamHandler(sys.stderr)
