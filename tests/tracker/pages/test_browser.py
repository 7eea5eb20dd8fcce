"""The pages in a real browser: assigned in three clicks, by keyboard alone, for everybody."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from gateways import needs
from headgate.tracker.pages.sessions import COOKIE, open_session
from playwright.sync_api import expect, sync_playwright
from redcap import Project
from visitors import PASSWORD

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
UID = "study_instance_uid"


@pytest.fixture(scope="module")
def chromium():
    path = needs("chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def tab(chromium, base):
    """A tab that reports what the browser complains of, and every address it asks for."""
    with chromium.new_context(base_url=base, viewport={"width": 1280, "height": 800}) as context:
        one = context.new_page()
        one.set_default_timeout(10_000)
        one.complaints, one.asked = [], []
        one.on("console", lambda message: one.complaints.append(message.text))
        one.on("request", lambda request: one.asked.append(request.url))
        yield one
        assert all(address.startswith(base) for address in one.asked)


@pytest.fixture
def signed_in(tab, base, database, account):
    cookie = open_session(database, account(administrator=True))
    tab.context.add_cookies([{"name": COOKIE, "value": cookie, "url": base}])
    return tab


@pytest.fixture
def incoming(tracker):
    project = Project(tracker.url, tracker.tokens["Incoming"], timeout=30)
    records = [f"9.{number}.{time.time_ns()}" for number in range(3)]
    place = {"redcap_repeat_instrument": "transfers", "redcap_repeat_instance": 1}
    done = {"transfer_project_name": "P", "transfer_date": "2026-01-01 10:00"}
    project.import_records(
        [
            {UID: records[0], "study_description": "waits"},
            {UID: records[1], **place, **done},
            {UID: records[2], **place, **done, "transfer_error___1": "1"},
        ]
    )
    yield project, records
    project.delete_records(records)


def test_signing_in_and_assigning_in_three_clicks(tab, account, incoming):
    project, (waiting, *_) = incoming
    tab.goto("/")
    tab.get_by_label("Name").fill(account(administrator=True))
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("link", name="Incoming", exact=True).click()
    # From here on, the three clicks.
    tab.get_by_role("link", name="1 waiting").click()
    tab.get_by_role("link", name=f"Assign {waiting}").click()
    tab.get_by_label("Research project", exact=True).fill("NEURO")
    tab.get_by_label("Participant in the research project").fill("N-001")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("status")).to_have_text("Saved.")
    row = tab.get_by_role("row").filter(has_text=waiting)
    expect(row).to_contain_text("NEURO as N-001")
    project.import_records(
        [
            {UID: waiting, "redcap_repeat_instrument": "transfers", "redcap_repeat_instance": 1,
             "transfer_date": "2026-01-02 10:00"}
        ]
    )  # fmt: skip
    tab.get_by_role("link", name="2 sent").or_(tab.get_by_role("link", name="1 sent")).click()
    expect(tab.get_by_role("row").filter(has_text=waiting)).to_contain_text("sent")
    assert not tab.complaints


def test_everything_goes_by_keyboard(tab, account, number, classic):
    name = account(administrator=True)
    tab.goto(f"/projects/{number}/form?record=2&form=first")
    expect(tab.get_by_label("Name")).to_be_focused()
    tab.keyboard.type(name)
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("First")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab.keyboard.press("Enter")
    field = tab.get_by_label("Name", exact=False).first
    for _ in range(12):
        tab.keyboard.press("Tab")
        if field.evaluate("one => one === document.activeElement"):
            break
    outline = field.evaluate("one => getComputedStyle(one).outlineStyle")
    assert outline == "solid"
    tab.keyboard.press("Control+A")
    tab.keyboard.type("Robert")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status")).to_have_text("Saved.")
    assert classic.export_records(records=["2"])[0]["name"] == "Robert"


def test_a_wrong_value_is_tied_to_its_field(signed_in, number):
    signed_in.goto(f"/projects/{number}/form?record=1&form=first")
    signed_in.get_by_label("Age").fill("old")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("Nothing is stored yet.")
    field = signed_in.get_by_role("textbox", name="Age")
    described = field.get_attribute("aria-describedby").split()
    words = " ".join(signed_in.locator(f"#{name}").inner_text() for name in described)
    assert "could not be validated" in words
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("old")


def test_a_dictionary_is_uploaded_and_taken(signed_in, number, classic):
    signed_in.goto(f"/projects/{number}/dictionary")
    text = signed_in.request.get(f"/projects/{number}/dictionary.csv").text()
    file = {
        "name": "new.csv",
        "mimeType": "text/csv",
        "buffer": text.replace(",Age,", ",Years,").encode(),
    }
    signed_in.get_by_label("A new dictionary").set_input_files(file)
    signed_in.get_by_role("button", name="Show what would change").click()
    expect(signed_in.get_by_role("row", name="age")).to_contain_text("Years")
    signed_in.get_by_role("button", name="Take this dictionary").click()
    expect(signed_in.get_by_role("status")).to_have_text("The project has the new dictionary.")
    labels = {row["field_name"]: row["field_label"] for row in classic.export_metadata()}
    assert labels["age"] == "Years"


def problems_of(tab, *rules):
    """Return what axe finds; given rules, by them alone."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    return [
        (found["id"], found["impact"], node["html"])
        for found in Axe().run(tab, options=options).response["violations"]
        for node in found["nodes"]
    ]


PAGES = (
    *("/", "/password", "/nothing", "/projects/{incoming}", "/projects/{incoming}?state=error"),
    *("/projects/{incoming}/record?record={study}", "/projects/{incoming}/log"),
    "/projects/{incoming}/form?record={study}&form=transfers&instance=new",
    *("/projects/{number}", "/projects/{number}/add", "/projects/{number}/record?record=1"),
    *("/projects/{number}/form?record=1&form=first", "/projects/{number}/history?record=1"),
    *("/projects/{number}/form?record=1&form=second", "/projects/{number}/delete?record=1"),
    *("/projects/{number}/rename?record=1", "/projects/{number}/import"),
    *("/projects/{number}/export", "/projects/{number}/reports", "/projects/{number}/report/edit"),
    *("/projects/{number}/dictionary", "/projects/{number}/people", "/projects/{number}/token"),
    *("/projects/{number}/person?username=administrator", "/projects/{number}/person"),
)


# Dark pages have other colours, and nothing else that is other.
@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_axe_finds_nothing_on_any_page(scheme, rules, signed_in, number, incoming, number_of):
    signed_in.emulate_media(color_scheme=scheme)
    project, records = incoming
    places = {"number": number, "incoming": number_of(project), "study": records[2]}
    found = {}
    for page in PAGES:
        signed_in.goto(page.format(**places))
        if problems := problems_of(signed_in, *rules):
            found[page] = problems
    assert not found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_something_is_asked_or_refused(scheme, tab, signed_in, number):
    signed_in.emulate_media(color_scheme=scheme)
    signed_in.goto(f"/projects/{number}/import")
    text = b"record_id,name\n1,Anna\n9,New\n"
    file = {"name": "new.csv", "mimeType": "text/csv", "buffer": text}
    signed_in.get_by_label("File").set_input_files(file)
    signed_in.get_by_role("button", name="Show what would change").click()
    expect(signed_in.get_by_role("button", name="Import")).to_be_visible()
    assert not problems_of(signed_in)
    signed_in.goto(f"/projects/{number}/form?record=1&form=first")
    signed_in.get_by_label("Age").fill("old")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("alert")).to_be_visible()
    assert not problems_of(signed_in)
    signed_in.context.clear_cookies()
    signed_in.goto("/")
    assert not problems_of(signed_in)


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_no_page_is_wider_than_the_window(width, signed_in, number, incoming, number_of):
    signed_in.set_viewport_size({"width": width, "height": 800})
    project, records = incoming
    places = {"number": number, "incoming": number_of(project), "study": records[2]}
    wide = []
    for page in PAGES:
        signed_in.goto(page.format(**places))
        if signed_in.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(page)
    assert not wide
