"""Settings of other sites that files are sent to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DestinationSettings:
    """An SFTP server, who we are there, and how it is known that it is the right one."""

    host: str = ""
    port: int = 22
    user: str = ""
    folder: str = ""
    host_key_file: str = "/etc/headgate/known_hosts"
    key_file: str = ""
    password_file: str = ""
    timeout_seconds: float = 30.0
