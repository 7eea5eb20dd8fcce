"""The settings of mails: the server, what they say, and who is told of what."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TemplateSettings:
    """What mails say."""

    subject: str = "Headgate: $count to look at"
    arrived: str = "$project: $participant $event has arrived, study $study"
    failed: str = "$project: the transfer of $participant $event failed: $summary ($request)"
    disk: str = "the disk has $free % free, less than $wanted %"
    stale: str = "the script $step had its last success $age"
    end: str = "A trouble that lasts is told again after $hours hours."


@dataclass(frozen=True)
class MailSettings:
    """The mail server that notify hands its mails to."""

    host: str = "127.0.0.1"
    port: int = 25
    security: str = "none"
    certificates: str = ""
    user: str = ""
    password_file: str = ""
    sender: str = "headgate@localhost"
    timeout_seconds: float = 30.0
    templates: TemplateSettings = field(default_factory=TemplateSettings)


@dataclass(frozen=True)
class NotifySettings:
    """What one receiver of mails is told of."""

    address: str = ""
    triggers: list[str] = field(default_factory=lambda: ["failed", "disk", "stale"])
    projects: list[str] = field(default_factory=lambda: ["*"])
    disk_free_percent: float = 10.0
    steps: list[str] = field(
        default_factory=lambda: [
            "process", "populate-incoming", "create-transfer-requests", "anonymize-and-send",
            "heartbeat", "clear-old-files",
        ]
    )  # fmt: skip
    stale_minutes: int = 180
    repeat_hours: float = 24.0
