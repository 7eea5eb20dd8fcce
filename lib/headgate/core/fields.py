"""The fields of REDCap's bookkeeping projects, as config/redcap/*.csv declare them."""

# Incoming: one record per study, `series` and `transfers` repeat
INCOMING_RECORD = "study_instance_uid"
STUDY_FORM = "incoming_studies"
SERIES_FORM = "series"
TRANSFERS_FORM = "transfers"

STUDY_FIELDS = {  # field of the study: key in the series JSON
    "study_institution_name": "InstitutionName",
    "study_aetitle_sender": "AETitleCaller",
    "study_aetitle_addressed": "AETitleCalled",
    "study_patient_name": "PatientName",
    "study_patient_id": "PatientID",
    "study_description": "StudyDescription",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "study_accession_number": "AccessionNumber",
    "study_arrival_date": "ArrivalDate",
}
SERIES_FIELDS = {  # field of the series: key in the series JSON
    "series_instance_uid": "SeriesInstanceUID",
    "series_description": "SeriesDescription",
    "series_date": "SeriesDate",
    "series_time": "SeriesTime",
    "series_num_files": "NumFiles",
    "series_sequence_name": "SequenceName",
    "series_classify_types": "ClassifyType",
}

# written by people, or by a rule once
TRANSFER_REQUESTED = "transfer_requested_date"
TRANSFER_PROJECT = "transfer_project_name"
TRANSFER_NAME = "transfer_name"
TRANSFER_EVENT = "transfer_event_name"
# written by anonymize-and-send alone
TRANSFER_DATE = "transfer_date"
TRANSFER_ERROR = "transfer_error"
TRANSFER_MAPPED = "transfer_mapped_uid"
TRANSFER_MESSAGE = "transfer_error_message"
TRANSFER_ERRORS = {1: "de-identification failed", 2: "sending failed", 3: "pixels rewritten"}

# DataTransferProjects
PROJECT_NAME = "project_name"
PROJECT_NAMING = "project_patient_naming"
PROJECT_ACTIVE = "project_active"
PROJECT_FEATURES = "project_features"
IMPORT_RULE_TAG, IMPORT_RULE_PATTERN = "project_import_rule_1_tag", "project_import_rule_1_regexp"
PROJECT_PACS = "project_pacs_aetitle"
PROJECT_TOKEN = "project_token"  # noqa: S105 (the name of a field)
PROJECT_USE_AUTOID, PROJECT_AUTOID_AETITLE = "project_use_autoid", "project_autoid_aetitle"
EXCLUSIONS_FORM = "rewritepixelexclusions"
EXCLUSION_TAG, EXCLUSION_PATTERN = "rewrite_ex_tag", "rewrite_ex_reg"
FEATURE_DROP_PRESENTATION_STATES = 0
FEATURE_NEVER_REWRITE_PIXELS = 1
FEATURE_DROP_SECONDARY_CAPTURE = 2

# Routing
ROUTING_RECORD = "record_id"
ROUTING_ACTIVE = "routing_active"
ROUTING_PROJECT = "routing_dest_project"
ROUTING_EVENT = "routing_event_name"
ROUTING_PATTERNS = {  # field of the rule: key of the study that its regular expression is held to
    "routing_incoming_aetitle": "AETitleCalled",
    "routing_sending_aetitle": "AETitleCaller",
    "routing_allowed_patientid": "PatientID",
    "routing_allowed_patientname": "PatientName",
}

# CouplingList
COUPLING_RECORD = "record_id"
COUPLING_ACCESSION = "cl_accessionnumber"
COUPLING_STUDY = "cl_studyinstanceuid"
COUPLING_PROJECT = "cl_projectname"
COUPLING_PARTICIPANT = "cl_subjectid"
COUPLING_EVENT = "cl_eventname"
COUPLING_DATE = "cl_date"

# AutoID
AUTOID_RECORD = "record_id"
AUTOID_PROJECT = "autoid_project_name"
AUTOID_PERSON = "autoid_hash"
AUTOID_NAME = "autoid_value"
AUTOID_METHOD, AUTOID_AT_RANDOM = "autoid_method", "1"

# the project's own REDCap: `imaging` repeats
PARTICIPANT_RECORD = "record_id"
IMAGING_FORM = "imaging"
IMAGING_STUDY = "img_study_instance_uid"
IMAGING_EVENT = "img_event_name"
IMAGING_FIELDS = {  # field: keyword of the research copy
    "img_study_description": "StudyDescription",
    "img_incoming_accession_number": "AccessionNumber",
    "img_study_date": "StudyDate",
}

# WhatIsInIDS7: one record per study that the research PACS holds
PACS_RECORD = "record_id"
PACS_FIELDS = {  # field: keyword of what the PACS tells of a study
    "ids7_patient_name": "PatientName",
    "ids7_patient_id": "PatientID",
    "ids7_study_description": "StudyDescription",
    "ids7_institution_name": "InstitutionName",
    "ids7_referring_physician": "ReferringPhysicianName",
    "ids7_study_time": "StudyTime",
    "ids7_study_date": "StudyDate",
    "ids7_study_id": "StudyID",
    "ids7_accession_number": "AccessionNumber",
    "ids7_modalities": "ModalitiesInStudy",
}
PACS_COUNTS = {
    "ids7_number_of_series": "NumberOfStudyRelatedSeries",
    "ids7_number_of_instances": "NumberOfStudyRelatedInstances",
}
PACS_STAMP = "ids7_date_stamp"

REPEAT_FORM = "redcap_repeat_instrument"
REPEAT_INSTANCE = "redcap_repeat_instance"
COMPLETE = 2
UNVERIFIED = 1


def can_be_asked_for(text: str) -> bool:
    """Given a text, return whether filterLogic can name it: no quotation marks, no brackets."""
    return not set(text) & set("\"'\\[]")


def quoted(text: str) -> str:
    """Given a text that can be asked for, return it as filterLogic writes texts."""
    return f'"{text}"'
