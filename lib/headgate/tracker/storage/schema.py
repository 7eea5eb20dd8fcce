"""The tables, and how a database of an older version gets those that it lacks."""

FIRST = """
CREATE TABLE projects (
    project_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_title TEXT NOT NULL,
    settings TEXT NOT NULL
);
CREATE TABLE tokens (
    token TEXT PRIMARY KEY,
    project_id INTEGER REFERENCES projects,
    username TEXT NOT NULL
);
CREATE TABLE users (
    project_id INTEGER NOT NULL REFERENCES projects,
    username TEXT NOT NULL,
    rights TEXT NOT NULL,
    PRIMARY KEY (project_id, username)
);
CREATE TABLE fields (
    project_id INTEGER NOT NULL REFERENCES projects,
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project_id, position)
);
CREATE TABLE arms (
    project_id INTEGER NOT NULL REFERENCES projects,
    arm_num INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (project_id, arm_num)
);
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    arm_num INTEGER NOT NULL,
    event_name TEXT NOT NULL,
    unique_event_name TEXT NOT NULL,
    custom_event_label TEXT NOT NULL DEFAULT '',
    UNIQUE (project_id, unique_event_name)
);
CREATE TABLE mappings (
    project_id INTEGER NOT NULL REFERENCES projects,
    event_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (project_id, event_id, form)
);
CREATE TABLE repeating (
    project_id INTEGER NOT NULL REFERENCES projects,
    event_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (project_id, event_id, form)
);
CREATE TABLE records (
    project_id INTEGER NOT NULL REFERENCES projects,
    record TEXT NOT NULL,
    number INTEGER,
    modified TEXT NOT NULL,
    PRIMARY KEY (project_id, record)
) WITHOUT ROWID;
CREATE INDEX records_by_modification ON records (project_id, modified);
CREATE INDEX records_by_number ON records (project_id, number);
CREATE TABLE entries (
    project_id INTEGER NOT NULL REFERENCES projects,
    record TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    instrument TEXT NOT NULL,
    instance INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (project_id, record, event_id, instrument, instance)
) WITHOUT ROWID;
"""
# Accounts and sessions of the pages, people's rights, the log, documents, reports, surveys.
SECOND = """
CREATE TABLE accounts (
    username TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    administrator INTEGER NOT NULL DEFAULT 0,
    email TEXT NOT NULL DEFAULT '',
    firstname TEXT NOT NULL DEFAULT '',
    lastname TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at REAL NOT NULL DEFAULT 0
);
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    username TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    form_token TEXT NOT NULL,
    opened_at REAL NOT NULL,
    used_at REAL NOT NULL
);
CREATE TABLE roles (
    role_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    unique_role_name TEXT NOT NULL,
    role_label TEXT NOT NULL,
    rights TEXT NOT NULL,
    UNIQUE (project_id, unique_role_name)
);
CREATE TABLE access_groups (
    group_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    unique_group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (project_id, unique_group_name)
);
UPDATE users SET rights = json_patch(
    '{"alerts": 1, "user_rights": 1, "data_access_groups": 1, "reports": 1, "logging": 1,
    "file_repository": 1, "manage_survey_participants": 1, "data_import_tool": 1,
    "record_create": 1}', rights) WHERE json_extract(rights, '$.design') = 1;
ALTER TABLE users ADD COLUMN role_id INTEGER REFERENCES roles ON DELETE SET NULL;
ALTER TABLE users ADD COLUMN group_id INTEGER REFERENCES access_groups ON DELETE SET NULL;
ALTER TABLE users ADD COLUMN expiration TEXT NOT NULL DEFAULT '';
ALTER TABLE records ADD COLUMN group_id INTEGER REFERENCES access_groups ON DELETE SET NULL;
CREATE INDEX records_in_order ON records (project_id, number IS NULL, number, record);
CREATE TABLE log (
    log_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    moment TEXT NOT NULL,
    username TEXT NOT NULL,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '',
    record TEXT NOT NULL DEFAULT '',
    event_id INTEGER,
    instrument TEXT NOT NULL DEFAULT '',
    instance INTEGER NOT NULL DEFAULT 0,
    changes TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX log_by_moment ON log (project_id, moment);
CREATE INDEX log_by_record ON log (project_id, record, log_id);
CREATE TABLE documents (
    document_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE folders (
    folder_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    parent_id INTEGER REFERENCES folders,
    name TEXT NOT NULL,
    group_id INTEGER REFERENCES access_groups ON DELETE SET NULL,
    role_id INTEGER REFERENCES roles ON DELETE SET NULL
);
CREATE TABLE filed_documents (
    document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    folder_id INTEGER REFERENCES folders
);
CREATE TABLE reports (
    report_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    title TEXT NOT NULL,
    definition TEXT NOT NULL
);
CREATE TABLE surveys (
    project_id INTEGER NOT NULL REFERENCES projects,
    form TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (project_id, form)
);
CREATE TABLE participants (
    project_id INTEGER NOT NULL REFERENCES projects,
    record TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    instance INTEGER NOT NULL,
    link TEXT NOT NULL UNIQUE,
    access_code TEXT NOT NULL,
    return_code TEXT NOT NULL,
    PRIMARY KEY (project_id, record, event_id, form, instance)
);
CREATE TABLE bans (
    address TEXT PRIMARY KEY,
    since TEXT NOT NULL
);
"""
# Where the transfers of each record stand: 0 an error, 1 one waits or there is none, 2 all sent.
# Kept by the database itself, whoever writes: the pages count and list a hundred thousand by it.
TRANSFER_STATE = """
COALESCE((SELECT MIN(CASE
        WHEN COALESCE(json_extract(e.content, '$.transfer_error_message'), '') <> ''
            OR EXISTS (SELECT 1 FROM json_each(e.content) c
                WHERE c.key GLOB 'transfer_error___*' AND c.value = '1') THEN 0
        WHEN COALESCE(json_extract(e.content, '$.transfer_date'), '') = '' THEN 1
        ELSE 2 END) FROM entries e WHERE e.project_id = records.project_id
            AND e.record = records.record AND e.instrument = 'transfers'), 1)
"""
THIRD = f"""
ALTER TABLE records ADD COLUMN transfer_state INTEGER NOT NULL DEFAULT 1;
UPDATE records SET transfer_state = {TRANSFER_STATE};
CREATE INDEX records_by_transfer_state ON records (project_id, transfer_state, modified);
CREATE TRIGGER state_of_new_record AFTER INSERT ON records BEGIN
    UPDATE records SET transfer_state = {TRANSFER_STATE}
        WHERE project_id = new.project_id AND record = new.record;
END;
CREATE TRIGGER state_after_insert AFTER INSERT ON entries WHEN new.instrument = 'transfers' BEGIN
    UPDATE records SET transfer_state = {TRANSFER_STATE}
        WHERE project_id = new.project_id AND record = new.record;
END;
CREATE TRIGGER state_after_update AFTER UPDATE ON entries WHEN new.instrument = 'transfers' BEGIN
    UPDATE records SET transfer_state = {TRANSFER_STATE}
        WHERE project_id = new.project_id AND record = new.record;
END;
CREATE TRIGGER state_after_delete AFTER DELETE ON entries WHEN old.instrument = 'transfers' BEGIN
    UPDATE records SET transfer_state = {TRANSFER_STATE}
        WHERE project_id = old.project_id AND record = old.record;
END;
"""  # noqa: S608 (the text is ours)
# Each brings a database from the version before it to its own.
VERSIONS = (FIRST, SECOND, THIRD)
