"""What a person may do in a project, in REDCap's names and numbers."""

from collections.abc import Mapping
from typing import Any

from headgate.tracker.model.dictionary import Field
from headgate.tracker.wire.answers import Refused

RIGHTS = (
    *("design", "alerts", "user_rights", "data_access_groups", "reports", "stats_and_charts"),
    *("manage_survey_participants", "calendar", "data_import_tool", "data_comparison_tool"),
    *("logging", "email_logging", "file_repository", "data_quality_create"),
    *("data_quality_execute", "api_export", "api_import", "api_modules", "mobile_app"),
    *("mobile_app_download_data", "record_create", "record_rename", "record_delete"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
)
OFF_AT_FIRST = {
    *("email_logging", "mobile_app_download_data", "record_rename", "record_delete"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
}
ALL_RIGHTS: Mapping[str, Any] = dict.fromkeys(RIGHTS, 1)
# Who makes a project through the API may not delete its records at first.
CREATOR_RIGHTS: Mapping[str, Any] = {name: int(name not in OFF_AT_FIRST) for name in RIGHTS}
# To a form, as before REDCap 15.6; 3 (edit survey responses) is taken as 1.
NO_ACCESS, EDIT, READ = 0, 1, 2
# To the export of a form.
NOTHING, FULL, DEIDENTIFIED, NO_IDENTIFIERS = 0, 1, 2, 3
REFUSALS = {
    "api_export": "You do not have API Export privileges",
    "api_import": "You do not have API Import/Update privileges",
    "record_delete": "You do not have Delete Record privileges",
    # The texts for the others are not established.
    "design": "You do not have Project Design privileges",
    "record_rename": "You do not have Rename Record privileges",
    "record_create": "You do not have Create Record privileges",
    "user_rights": "You do not have User Rights privileges",
    "data_access_groups": "You do not have Data Access Groups privileges",
    "file_repository": "You do not have File Repository privileges",
    "reports": "You do not have Reports privileges",
    "logging": "You do not have Logging privileges",
    "manage_survey_participants": "You do not have Survey Distribution Tools privileges",
    "data_import_tool": "You do not have Data Import Tool privileges",
}


class Rights(dict[str, Any]):
    """A person's rights by name; beside them `forms` and `forms_export`, by form."""

    def need(self, right: str) -> None:
        """Given a right, do nothing if the person has it. Raise Refused (403) if not."""
        if not self.get(right):
            raise Refused(REFUSALS[right], 403)

    def to_form(self, form: str) -> int:
        """Given a form, return NO_ACCESS, EDIT or READ; a form made later than the person: EDIT."""
        level = int(self.get("forms", {}).get(form, EDIT))
        return level if level in {NO_ACCESS, READ} else EDIT

    def to_export(self, form: str) -> int:
        """Given a form, return how much of it may be exported; a form made later: FULL."""
        return int(self.get("forms_export", {}).get(form, FULL))


def may_export(rights: Rights, field: Field, names_record: bool) -> bool:
    """Given a person's rights and a field, return whether its values may leave in an export.

    De-identified data have no identifiers, no free text and no dates (what REDCap calls so).
    """
    level = rights.to_export(field.form)
    if names_record or level == FULL:
        return True
    if level == NOTHING or field.identifier:
        return False
    if level == NO_IDENTIFIERS:
        return True
    free = field.kind in {"notes", "file"} or (field.kind == "text" and not field.validation)
    return not free and not field.validation.startswith("date")
