"""check-config --connect tells whose REDCap project the token beside each research project is of."""

import pytest


@pytest.fixture
def projects(a_gateway, own_redcap):
    """Makes research projects that have the token of the REDCap project of this title each."""

    def make(**titles):
        for name, title in titles.items():
            a_gateway.project(name, project_token=own_redcap("Event 1", title=title).token)

    return make


def projects_checked(gateway):
    result = gateway.site.run("check-config", "--connect")
    return result.code, {
        line["item"]: (line["status"], line["text"])
        for line in result.lines
        if line["item"].startswith("projects.")
    }


def test_check_config_tells_of_what_each_projects_token_is(a_gateway, projects):
    projects(KNEE="The knee study", HIP="Osteoarthritis")
    code, told = projects_checked(a_gateway)
    assert code == 0
    assert {status for status, _ in told.values()} == {"ok"}
    assert "'The knee study'" in told["projects.KNEE"][1]
    assert "'Osteoarthritis'" in told["projects.HIP"][1]


def test_check_config_tells_of_tokens_that_are_mixed_up(a_gateway, projects):
    projects(KNEE="Study hip, 2024", HIP="Study knee, 2024", HIPS="Hips")
    code, told = projects_checked(a_gateway)
    assert code == 1
    assert [told[f"projects.{name}"][0] for name in ("KNEE", "HIP", "HIPS")] == [
        "error", "error", "ok",
    ]  # fmt: skip
    assert "by its title that of HIP" in told["projects.KNEE"][1]


def test_check_config_tells_of_tokens_that_are_anothers_or_none(a_gateway, own_redcap):
    token, gone = own_redcap("E").token, "0" * 32
    ours = (a_gateway.site.folder / "secrets" / "incoming").read_text().strip()
    several = {"A": token, "B": token, "C": ours, "D": gone, "E": "none"}
    for name, value in several.items():
        a_gateway.project(name, project_token=value)
    code, told = projects_checked(a_gateway)
    assert code == 1
    assert {status for status, _ in told.values()} == {"error"}
    words = ["that of B too", "that of A too", "token_files.incoming too", "refuses", "no token"]
    for name, word in zip(several, words, strict=True):
        assert word in told[f"projects.{name}"][1]
    assert not any(value in str(told) for value in (token, ours, gone))
