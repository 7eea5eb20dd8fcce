"""The house has one direction: imports go leftwards, and steps never import steps."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lib" / "headgate"
ORDER = ("core", "stores", "context", "steps", "shell", "demo")
# what lies beside those, by the layer that it belongs to
ROOMS = ("arriving", "deidentifying", "delivering", "exporting", "fiona", "working")
BESIDE = {
    "environment": "core",
    **dict.fromkeys(("config", "settings", "context", *ROOMS), "context"),
    **dict.fromkeys(("pacslisting", "parallel", "projecttokens", "sites", "trusting"), "context"),
}
# what goes out is de-identified on its way; else no room needs another
A_ROOM_MAY = {"delivering": {"deidentifying"}}
EVERY_STORE_MAY = {"layout", "files", "reading", "disks", "links", "isolation", "straight"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def place_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


def layer_of(parts: tuple[str, ...]) -> str:
    return BESIDE.get(parts[0], parts[0])


def imports_of(path: Path) -> set[tuple[str, ...]]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = tuple(name.split("."))
            if parts[0] == "headgate" and len(parts) > 1:
                found.add(parts[1:])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: "/".join(place_of(path)))
def test_a_module_imports_only_from_its_left(path):
    layer = layer_of(place_of(path))
    if layer in ("__init__", "tracker"):
        return
    allowed = ORDER[: ORDER.index(layer) + 1]
    wrong = {
        ".".join(target) for target in imports_of(path) if layer_of(target) not in (*allowed, "")
    }
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_room_but_those_it_may(room):
    others = {
        target[0]
        for path in (PACKAGE / room).glob("*.py")
        for target in imports_of(path)
        if target[0] in ROOMS
    }
    assert others - {room} == A_ROOM_MAY.get(room, set())


@pytest.mark.parametrize(
    ("room", "others"), [("rules", {"rules"}), ("identifiers", {"rules", "identifiers"})]
)
def test_what_deidentifies_knows_the_rules_and_the_identifiers_which_do_not_know_it(room, others):
    found = {
        target[2]
        for path in (PACKAGE / "core" / "deid" / room).glob("*.py")
        for target in imports_of(path)
        if target[:2] == ("core", "deid") and len(target) > 2
    }
    assert found == others


def test_the_bytes_of_dicom_are_read_without_knowing_what_for():
    found = {
        target[1]
        for path in (PACKAGE / "core" / "dicom").glob("*.py")
        for target in imports_of(path)
        if target[0] == "core" and len(target) > 1
    }
    assert found - {"dicom"} == {"datamodules", "errors"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "steps").glob("*.py")), ids=lambda p: p.stem)
def test_a_step_imports_no_step(path):
    assert not {target for target in imports_of(path) if target[0] == "steps"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "stores").rglob("*.py")), ids=lambda p: p.stem)
def test_a_store_imports_no_store_but_those_that_know_of_files_alone(path):
    wrong = {
        target
        for target in imports_of(path)
        if target[0] == "stores"
        and len(target) > 1
        and target[1] not in (*EVERY_STORE_MAY, *place_of(path)[1:2])
    }
    assert not wrong


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.stem)
def test_the_core_opens_no_file_and_no_connection(path):
    names = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    modules = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert "open" not in names
    assert not modules & {"os", "socket", "requests", "pynetdicom", "subprocess", "shutil"}


def test_the_tracker_imports_nothing_but_errors_and_environment():
    wrong = {
        ".".join(target)
        for path in (PACKAGE / "tracker").rglob("*.py")
        for target in imports_of(path)
        if target[0] not in ("tracker", "environment", "shell") and target[:2] != ("core", "errors")
        if target != ("core",)
    }
    assert not wrong


def test_no_file_is_longer_than_300_lines():
    long = {
        path.name: count for path in MODULES if (count := len(path.read_text().splitlines())) > 300
    }
    assert not long


def test_only_the_runner_catches_every_exception():
    wrong = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", "" if node.type else "bare")
                if name in ("Exception", "BaseException", "bare") and path.stem != "runner":
                    wrong.add(path.name)
    assert not wrong


# what cron starts each minute, most often with nothing to do
EACH_MINUTE = sorted(
    line.split("/bin/")[1].split()[0]
    for line in (PACKAGE.parents[1] / "crontab.example").read_text().splitlines()
    if line.startswith("*/1 ")
)


@pytest.mark.parametrize("name", [*EACH_MINUTE, "clear-old-files", "status"])
def test_what_starts_each_minute_loads_no_imaging_library_before_there_is_work(name):
    step = f"headgate.steps.{name.replace('-', '_')}"
    words = f"import sys, headgate.shell.runner, {step}; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", words], env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert step in done.stdout.split()
    assert not {"pydicom", "numpy", "onnxruntime"} & set(done.stdout.split())


WORKING = sorted(
    ["headgate.delivering.study", "headgate.deidentifying.anonymizing", "headgate.arriving.filing"]
    + [
        f"headgate.stores.dicomnet.{path.stem}"
        for path in PACKAGE.glob("stores/dicomnet/[a-z]*.py")
    ]
)


def test_what_receives_files_de_identifies_and_sends_loads_no_imaging_library_before_a_file_calls_for_it():
    words = f"import sys, {', '.join(WORKING)}; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", words], env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "headgate.stores.dicomnet.receiver" in done.stdout.split()
    assert not {"pydicom", "numpy", "onnxruntime"} & set(done.stdout.split())
