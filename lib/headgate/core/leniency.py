"""Values of others, taken as they are: what is wrong with them is not ours to mend, nor to log."""

from pydicom import config


def take_values_as_they_are() -> None:
    """Have pydicom neither warn of a value that breaks the standard, which would quote it, nor
    refuse it, in this process.
    """
    config.settings.reading_validation_mode = config.IGNORE
    config.settings.writing_validation_mode = config.IGNORE
