"""Errors, named for what happens next."""


class HeadgateError(Exception):
    """Something an operator should read: what happened, to which study, and what to do."""


class Unavailable(HeadgateError):
    """REDCap, the PACS or the disk cannot be had now: nothing is lost, it is tried again later."""


class Rejected(HeadgateError):
    """This item cannot go on as it is: it is held for a person."""


class Excluded(HeadgateError):
    """The project does not want this instance: it does not leave, and nobody has to look at it."""


class Misconfigured(HeadgateError):
    """The configuration cannot be used: nothing runs until a person mends it."""


class Busy(HeadgateError):
    """Another run of the same script holds the lock: this one has nothing to do."""
