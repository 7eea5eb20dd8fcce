"""Settings of what comes in: who may send what, and how it is indexed."""

from dataclasses import dataclass, field

from headgate.core.arrival import DEFAULT_QUIET_SECONDS


@dataclass(frozen=True)
class ReceiverSettings:
    """The DICOM peer that scanners see."""

    port: int = 11112
    address: str = ""
    ae_title: str = "HEADGATE"
    free_floor_megabytes: int = 1024
    maximum_associations: int = 64
    maximum_pdu: int = 131072
    maximum_object_megabytes: int = 65536
    digests: bool = False
    commitment_peers: dict[str, str] = field(default_factory=dict)
    tls_port: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_trusted: str = ""
    tls_fingerprints: list[str] = field(default_factory=list)
    web_port: int = 0
    web_token_file: str = ""
    processes: int = 2
    idle_seconds: float = 60.0
    grace_seconds: float = 60.0
    calling_ae_titles: list[str] = field(default_factory=list)
    called_ae_titles: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class IncomingSettings:
    """How studies are indexed and listed."""

    quiet_seconds: float = float(DEFAULT_QUIET_SECONDS)
    classify_rules: str = ""
    patient_identity: str = "hashed"
    studies_per_import: int = 20


@dataclass(frozen=True)
class SourceSettings:
    """A sender that can be asked what it has, under the AE title that it calls with."""

    host: str = "127.0.0.1"
    port: int = 104
    ae_title: str = ""
    calling_ae_title: str = "HEADGATE"
    timeout_seconds: float = 30.0
