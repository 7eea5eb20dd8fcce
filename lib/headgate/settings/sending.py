"""Settings of what goes out: to which targets, and how."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PacsSettings:
    """One research PACS, or another target of what is sent."""

    kind: str = "dicom"
    url: str = ""
    folder: str = ""
    host: str = "127.0.0.1"
    port: int = 4242
    ae_title: str = "RESEARCH"
    calling_ae_title: str = "HEADGATE"
    timeout_seconds: float = 30.0
    tls: bool = False
    tls_trusted: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    proof: str = "commitment"
    commitment_seconds: float = 10.0
    qido_url: str = ""
    web_token_file: str = ""
    pull: str = "c-get"
    move_ae_title: str = "HEADGATE-EXPORT"
    move_port: int = 0


@dataclass(frozen=True)
class SendingSettings:
    """How much is sent at once, and when a transfer that could not go is tried again."""

    associations: int = 4
    processes: int = 2
    turn_seconds: float = 600.0
    retry_first_seconds: float = 60.0
    retry_longest_seconds: float = 3600.0
