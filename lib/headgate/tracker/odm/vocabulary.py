"""The words of REDCap's project XML, each beside what this server calls it."""

from collections.abc import Mapping

ODM = "http://www.cdisc.org/ns/odm/v1.3"
REDCAP = "https://projectredcap.org"

# Elements of GlobalVariables, and the settings they hold.
SETTINGS: Mapping[str, str] = {
    "RecordAutonumberingEnabled": "record_autonumbering_enabled",
    "CustomRecordLabel": "custom_record_label",
    "SecondaryUniqueField": "secondary_unique_field",
    "SchedulingEnabled": "scheduling_enabled",
    "SurveysEnabled": "surveys_enabled",
    "RandomizationEnabled": "randomization_enabled",
    "DisplayTodayNowButton": "display_today_now_button",
    "PreventBranchingEraseValues": "bypass_branching_erase_field_prompt",
    "Purpose": "purpose",
    "PurposeOther": "purpose_other",
    "ProjectNotes": "project_notes",
    "MissingDataCodes": "missing_data_codes",
}

# Attributes of ItemDef, and the columns of the dictionary they hold. How the ranking of a matrix
# is written is not established: it is left out.
ATTRIBUTES: Mapping[str, str] = {
    "FieldNote": "field_note",
    "SectionHeader": "section_header",
    "Identifier": "identifier",
    "RequiredField": "required_field",
    "BranchingLogic": "branching_logic",
    "CustomAlignment": "custom_alignment",
    "QuestionNumber": "question_number",
    "MatrixGroupName": "matrix_group_name",
    "FieldAnnotation": "field_annotation",
}
# Where the choices, or what stands in their place, are kept: by the kind of field.
CHOICE_ATTRIBUTES: Mapping[str, str] = {"calc": "Calculation", "slider": "SliderLabels"}

# What REDCap calls these inside, and in the dictionary.
KINDS: Mapping[str, str] = {"textarea": "notes", "select": "dropdown"}
VALIDATIONS: Mapping[str, str] = {"float": "number", "int": "integer"}
KINDS_OUT = {kind: word for word, kind in KINDS.items()}
VALIDATIONS_OUT = {validation: word for word, validation in VALIDATIONS.items()}
LIMITS: Mapping[str, str] = {"GE": "text_validation_min", "LE": "text_validation_max"}

# ODM's own type of a value, by the beginning of the validation type.
DATA_TYPES: tuple[tuple[str, str], ...] = (
    ("datetime_seconds_", "datetime"),
    ("datetime_", "partialDatetime"),
    ("date_", "date"),
    ("time", "partialTime"),
    ("integer", "integer"),
    ("number", "float"),
)

# Attributes of UserRoles, and the rights they hold.
RIGHTS: Mapping[str, str] = {
    "lock_record": "lock_records",
    "lock_record_multiform": "lock_records_all_forms",
    "lock_record_customize": "lock_records_customization",
    "data_import_tool": "data_import_tool",
    "data_comparison_tool": "data_comparison_tool",
    "data_logging": "logging",
    "email_logging": "email_logging",
    "file_repository": "file_repository",
    "user_rights": "user_rights",
    "data_access_groups": "data_access_groups",
    "graphical": "stats_and_charts",
    "reports": "reports",
    "design": "design",
    "alerts": "alerts",
    "calendar": "calendar",
    "api_export": "api_export",
    "api_import": "api_import",
    "api_modules": "api_modules",
    "mobile_app": "mobile_app",
    "mobile_app_download_data": "mobile_app_download_data",
    "record_create": "record_create",
    "record_rename": "record_rename",
    "record_delete": "record_delete",
    "participants": "manage_survey_participants",
    "data_quality_design": "data_quality_create",
    "data_quality_execute": "data_quality_execute",
}
# Lists such as [form_1,2][form_2,0].
BY_FORM: Mapping[str, str] = {"data_entry": "forms", "data_export_instruments": "forms_export"}
