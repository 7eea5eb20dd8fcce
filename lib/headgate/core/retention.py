"""What may be deleted from the quarantine."""

from collections.abc import Iterable, Mapping

from headgate.core.model import Delivery

SECONDS_A_DAY = 86400


def why_deletable(
    instances: Iterable[str],
    deliveries: Mapping[str, Iterable[Delivery]],
    age_seconds: float,
    unassigned_days: int,
) -> str | None:
    """Given a study's instances and all its deliveries by instance, return why it may go, or None.

    It may go when every instance is proven delivered, or when nobody assigned it for
    `unassigned_days` (0 keeps it); whether somebody wants it and has not got it is asked apart.
    """
    names = list(instances)
    if not names:
        return "nothing of it is left"
    if all(any(delivery.is_proven() for delivery in deliveries.get(name, ())) for name in names):
        return "every instance is proven delivered"
    is_old = age_seconds >= unassigned_days * SECONDS_A_DAY
    if unassigned_days and is_old and not deliveries:
        return f"never assigned for {unassigned_days} days"
    return None
