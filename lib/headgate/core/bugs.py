"""What was not foreseen, told without its message, which may quote a patient."""

from pathlib import Path

PLACES = 6


def described(bug: BaseException) -> str:
    """Given what was not foreseen, return what it is and the last places that it passed."""
    places = []
    trace = bug.__traceback__
    while trace:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"a bug: {type(bug).__name__} at {' > '.join(places[-PLACES:])}"
