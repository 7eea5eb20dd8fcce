"""What a step is given: the settings, the options of its run, and the stores, opened when asked."""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.config import PacsSettings, ProjectSettings, Settings
from headgate.core.classify.rules import Rules, load_rules
from headgate.core.errors import Misconfigured
from headgate.core.fields import EXCLUSIONS_FORM, PROJECT_NAME, PROJECT_PACS, REPEAT_FORM
from headgate.core.model import Assignment
from headgate.environment import shipped
from headgate.stores import authorities, disks, files, keymark, secrets
from headgate.stores.commitments import Commitments
from headgate.stores.exportrequests import ExportRequests
from headgate.stores.exports import Exports
from headgate.stores.jobs import Jobs
from headgate.stores.layout import Layout
from headgate.stores.ledger import Ledger
from headgate.stores.mapped import Mapped
from headgate.stores.notified import Notified
from headgate.stores.outbox import Outbox
from headgate.stores.performed import PerformedSteps
from headgate.stores.quarantine.archive import Archive
from headgate.stores.queues import Queues
from headgate.stores.slides import Slides
from headgate.stores.spool import Spool
from headgate.stores.targets import Targets
from headgate.stores.trees import Trees
from headgate.stores.watermarks import Watermarks
from headgate.stores.workplaces import Workplaces

if TYPE_CHECKING:
    from headgate.core.deid.identity import Recipe
    from headgate.core.deid.rules.profile import Profile
    from headgate.stores.dicomnet.channel import Peer
    from headgate.stores.mail import Server
    from headgate.stores.tables import Tables

MEGABYTE = 1 << 20


@dataclass
class Context:
    """One run of one script: its settings, its options, its stores."""

    settings: Settings
    options: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    _found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.now()

    @cached_property
    def layout(self) -> Layout:
        return Layout(Path(self.settings.datadir))

    @cached_property
    def archive(self) -> Archive:
        settings = self.settings.receiver
        floor = settings.free_floor_megabytes * MEGABYTE
        return Archive(self.layout, floor, has_digests=settings.digests)

    @cached_property
    def trees(self) -> Trees:
        return Trees(self.layout)

    @cached_property
    def spool(self) -> Spool:
        return Spool(self.layout)

    @cached_property
    def queues(self) -> Queues:
        return Queues(self.layout)

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs of workflows."""
        return Jobs(self.layout)

    @cached_property
    def workplaces(self) -> Workplaces:
        """The folders in which their programs work."""
        return Workplaces(self.layout)

    @cached_property
    def exports(self) -> Exports:
        """The zip files that people fetch."""
        return Exports(self.layout)

    @cached_property
    def export_requests(self) -> ExportRequests:
        """The exports that are asked for."""
        return ExportRequests(self.layout)

    @cached_property
    def outbox(self) -> Outbox:
        """What goes to other sites."""
        return Outbox(self.layout)

    @cached_property
    def slides(self) -> Slides:
        """Whole-slide images that people copied here."""
        return Slides(self.layout)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.layout)

    @cached_property
    def mapped(self) -> Mapped:
        """Which study a mapped UID stands for."""
        return Mapped(self.layout)

    @cached_property
    def notified(self) -> Notified:
        """What receivers of mails were told."""
        return Notified(self.layout.notified)

    @cached_property
    def mail_server(self) -> "Server":
        """Return how the mail server is talked to. Raise Misconfigured."""
        from headgate.stores.mail import Server

        mail = self.settings.mail
        password = secrets.read_password(mail.password_file) if mail.password_file else ""
        trusted = authorities.checked("mail.certificates", mail.certificates)
        where = mail.host, mail.port, mail.security, mail.timeout_seconds, trusted
        return Server(*where, mail.user, password)

    @cached_property
    def performed(self) -> PerformedSteps:
        """What modalities tell of the steps that they perform."""
        return PerformedSteps(self.layout)

    @cached_property
    def commitments(self) -> Commitments:
        return Commitments(self.layout)

    @cached_property
    def targets(self) -> Targets:
        return Targets(self.layout)

    @cached_property
    def watermarks(self) -> Watermarks:
        return Watermarks(self.layout)

    @cached_property
    def tables(self) -> "Tables":
        from headgate.stores.tables import Tables

        redcap = self.settings.redcap
        return Tables(
            redcap.url,
            lambda name: secrets.read_token_of(redcap.token_files, name),
            shipped("config/redcap"),
            redcap.timeout_seconds,
            authorities.checked("redcap.certificates", redcap.certificates),
        )

    @cached_property
    def site_key(self) -> bytes:
        """Return the site's key. Raise Misconfigured, also where it is another than before."""
        path = self.settings.deid.key_file
        return keymark.checked(self.layout, secrets.read_key(path), path)

    @cached_property
    def rules(self) -> Rules:
        """Return the classification rules. Raise Misconfigured."""
        path = Path(self.settings.incoming.classify_rules or shipped("config/classify-rules.json"))
        try:
            return load_rules(json.loads(path.read_text()))
        except (OSError, ValueError) as error:
            raise Misconfigured(f"the rules {path} cannot be read: {error}") from error

    @cached_property
    def projects(self) -> dict[str, dict[str, Any]]:
        """Return the rows of DataTransferProjects by project name. Raise Unavailable, Rejected."""
        rows = self.tables.projects.export(
            fields=["record_id"], forms=["projects", EXCLUSIONS_FORM]
        )
        found = {str(row["record_id"]): row for row in rows if row.get(PROJECT_NAME)}
        for row in rows:
            project = found.get(str(row["record_id"]))
            if project is not None and row.get(REPEAT_FORM) == EXCLUSIONS_FORM:
                project.setdefault(EXCLUSIONS_FORM, []).append(row)
        return {str(row[PROJECT_NAME]): row for row in found.values()}

    def once(self, name: str, find: Callable[[], Any]) -> Any:
        """Given a name and how to find what it stands for, find it once in this run."""
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    def is_asked_for(self, item: str) -> bool:
        """Given an item, or several with commas between, return whether --only lets it through."""
        only = self.options.get("only")
        return not only or not set(only).isdisjoint(item.split(","))

    def pacs(self, name: str) -> PacsSettings:
        """Given a PACS by name, or '' for the first one, return its settings.

        Raise Misconfigured when the configuration has none of that name.
        """
        known = self.settings.pacs
        chosen = name or next(iter(known), "")
        if chosen not in known:
            raise Misconfigured(f"no PACS {chosen!r} in the configuration: add [pacs.{chosen}]")
        return known[chosen]

    def targets_of(self, project: Mapping[str, Any]) -> list[str]:
        """Given a project's row, return the names of the PACSs that its studies go to.

        Raise Misconfigured.
        """
        names = [one.strip() for one in str(project.get(PROJECT_PACS, "")).split(",")]
        found = dict.fromkeys(name or next(iter(self.settings.pacs), "") for name in names)
        for name in found:
            self.pacs(name)
        return list(found)

    def web_token(self, name: str) -> str:
        """Given a PACS by name, return the bearer token of its DICOMweb service, or ''.

        Raise Misconfigured.
        """
        path = self.pacs(name).web_token_file
        return secrets.read_bearer(path) if path else ""

    def peer(self, name: str) -> "Peer":
        """Given a PACS by name, or '' for the first one, return how to call it."""
        from headgate.stores.dicomnet.channel import Peer
        from headgate.stores.dicomnet.tls import Trust

        pacs = self.pacs(name)
        trust = Trust(pacs.tls_trusted, pacs.tls_certificate, pacs.tls_key) if pacs.tls else None
        return Peer(
            pacs.host, pacs.port, pacs.ae_title, pacs.calling_ae_title, pacs.timeout_seconds, trust
        )

    def source(self, ae_title: str) -> "Peer | None":
        """Given the AE title that a sender calls with, return how to call it, or None."""
        from headgate.stores.dicomnet.channel import Peer

        source = self.settings.sources.get(ae_title)
        if source is None:
            return None
        called = source.ae_title or ae_title
        return Peer(
            source.host, source.port, called, source.calling_ae_title, source.timeout_seconds
        )

    def project_settings(self, project: str) -> ProjectSettings:
        """Given a research project, return what it does otherwise."""
        return self.settings.projects.get(project, ProjectSettings())

    def profile(self, name: str) -> "Profile":
        """Given a profile's name, return it. Raise Misconfigured."""
        from headgate.stores import profiles

        folder = Path(self.settings.deid.profiles or shipped("config/deid"))
        found: Profile = self.once(f"profile {name}", lambda: profiles.named(name, folder)[0])
        return found

    def recipe(self, assignment: Assignment, project: Mapping[str, Any] | None = None) -> "Recipe":
        """Given to whom a study goes and the project's row, return how it is de-identified.

        Raise Misconfigured, or Rejected where a rule of the row cannot be used.
        """
        from headgate.core.deid.identity import Recipe, project_key
        from headgate.stores.profiles import with_rules

        own = self.project_settings(assignment.project)
        return Recipe(
            project=assignment.project,
            participant=assignment.participant,
            event=assignment.event,
            key=project_key(self.site_key, assignment.project),
            uid_scheme=own.uid_scheme,
            uid_root=self.settings.deid.uid_root or None,
            date_shift_days=own.date_shift_days or None,
            profile=with_rules(self.profile(own.profile), project or {}),
        )

    def hashed(self, text: str) -> str:
        """Given an identifier, return a keyed hash that stands for it in REDCap."""
        return hmac.digest(self.site_key, text.encode(), "sha256").hex() if text else ""

    def prepare(self) -> None:
        """Make the folders of the data tree. Raise Unavailable, Misconfigured, OSError."""
        disks.check_mounted(self.settings.mount_point)
        for folder in self.layout.folders():
            files.make_folders(folder)
        disks.check_together(self.layout)
