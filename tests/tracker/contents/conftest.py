"""What the tests of the contents share: bare requests, people with tokens, uploads."""

import contextlib
import json
import sqlite3

import pytest
import requests
from headgate.tracker.model.rights import ALL_RIGHTS
from headgate.tracker.model.tokens import add_user
from headgate.tracker.storage.database import change, connect
from redcap import Project


@pytest.fixture
def ask(send):
    """Sends one request of a project, in JSON if nothing else is said; `data` may be a value."""

    def request(project, content, data=None, token=None, **parameters):
        body = {"token": token or project.token, "content": content, "format": "json", **parameters}
        if data is not None:
            body["data"] = data if isinstance(data, str) else json.dumps(data)
        return send(**body)

    return request


@pytest.fixture
def refusal(ask):
    """Sends a request that must be refused, and returns the status and the text."""

    def request(*asked, **parameters):
        response = ask(*asked, **parameters)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()["error"]

    return request


@pytest.fixture
def project_id(tracker):
    """The number of a project."""

    def find(project):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection:
            query = "SELECT project_id FROM tokens WHERE token = ?"
            return connection.execute(query, (project.token,)).fetchone()[0]

    return find


@pytest.fixture
def person(tracker, project_id):
    """Puts a user with a token into a project: all rights but those named otherwise."""

    def add(project, username, group=None, **rights):
        number = project_id(project)
        with contextlib.closing(connect(tracker.database)) as connection, change(connection):
            token = add_user(connection, number, username, {**ALL_RIGHTS, **rights})
            connection.execute(
                "UPDATE users SET group_id = (SELECT group_id FROM access_groups"
                " WHERE project_id = ? AND unique_group_name = ?)"
                " WHERE project_id = ? AND username = ?",
                (number, group, number, username),
            )
        return token

    return add


@pytest.fixture
def upload(tracker):
    """Sends a request with a file, or with the parts given."""

    def request(project, content, name="note.txt", data=b"hello", token=None, **parameters):
        body = {"token": token or project.token, "content": content, "action": "import"}
        files = parameters.pop("files", {"file": (name, data)})
        return requests.post(
            tracker.url, data={**body, "format": "json", **parameters}, files=files, timeout=30
        )

    return request


@pytest.fixture
def rows_in(tracker, project_id):
    """Counts the rows of a table that are a project's."""

    def count(project, table):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection:
            query = f"SELECT COUNT(*) FROM {table} WHERE project_id = ?"
            return connection.execute(query, (project_id(project),)).fetchone()[0]

    return count


@pytest.fixture
def create(tracker, send):
    """Makes a project of a project XML, and returns the response."""

    def post(text, **about):
        data = json.dumps({"project_title": "New", **about})
        return send(
            token=tracker.tokens["super"], content="project", format="json", data=data, odm=text
        )

    return post


@pytest.fixture
def restored(tracker, create):
    def project(text, **about):
        response = create(text, **about)
        assert len(response.text) == 32, response.text
        return Project(tracker.url, response.text, timeout=30)

    return project
