"""Other sites, as the configuration tells how they are reached."""

from headgate.context import Context
from headgate.core.errors import Misconfigured
from headgate.stores import secrets, sftp


def server(context: Context, destination: str) -> sftp.Server:
    """Given a destination, return its server. Raise Misconfigured."""
    one = context.settings.destinations.get(destination)
    if one is None or not (one.host and one.user):
        raise Misconfigured(
            f"set host and user of [destinations.{destination}], or empty its outbox"
        )
    if one.key_file:
        secrets.check_closed(one.key_file)
    elif not one.password_file:
        raise Misconfigured(f"[destinations.{destination}] has neither key_file nor password_file")
    password = secrets.read_password(one.password_file) if one.password_file else ""
    where = one.host, one.port, one.user, one.folder
    return sftp.Server(*where, one.host_key_file, one.key_file, password, one.timeout_seconds)
