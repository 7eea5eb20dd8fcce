"""Values that a form suggests: the research projects, where a study is assigned to one."""

from collections.abc import Mapping

from headgate.tracker.model.rights import NO_ACCESS
from headgate.tracker.pages.guard import caller_in
from headgate.tracker.pages.visits import ProjectVisit

SOURCE, SOURCE_FORM = "DataTransferProjects", "projects"
TARGET = "transfer_project_name"
NAMES = """
SELECT DISTINCT json_extract(e.content, '$.project_name') AS name FROM records r
    JOIN entries e ON e.project_id = r.project_id AND e.record = r.record AND e.instrument = ''
    WHERE r.project_id = :project AND (:group IS NULL OR r.group_id = :group)
        AND name <> '' ORDER BY name LIMIT 1000
"""


def suggestions_for(visit: ProjectVisit) -> Mapping[str, list[str]]:
    """Given a visit, return the values to suggest, by field: of projects it may read alone."""
    if TARGET not in visit.project.dictionary.fields:
        return {}
    found: set[str] = set()
    projects = visit.connection.execute(
        "SELECT project_id FROM projects WHERE project_title = ?", (SOURCE,)
    ).fetchall()
    for (number,) in projects:
        caller = caller_in(visit.connection, visit.session.account, number)
        if caller is not None and caller.rights.to_form(SOURCE_FORM) != NO_ACCESS:
            place = {"project": number, "group": caller.group_id}
            found |= {str(row["name"]) for row in visit.connection.execute(NAMES, place)}
    return {TARGET: sorted(found)}
