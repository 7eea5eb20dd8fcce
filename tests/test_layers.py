"""The house has one direction: imports go leftwards, and steps never import steps."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lib" / "headgate"
ORDER = ("core", "stores", "context", "steps", "shell", "demo")
# modules beside the folders: the layer they belong to
BESIDE = {
    "environment": "core",
    "config": "context",
    "settings": "context",
    "context": "context",
    "again": "context",
    "anonymizing": "context",
    "cleaning": "context",
    "researchcopy": "context",
    "pixelcleaning": "context",
    "visualfeatures": "context",
    "delivery": "context",
    "sending": "context",
    "parallel": "context",
    "proving": "context",
    "pacslisting": "context",
    "processed": "context",
    "depositing": "context",
    "exporting": "context",
    "resending": "context",
    "shipping": "context",
    "trusting": "context",
    "projecttokens": "context",
    "delivering": "context",
    "transcoding": "context",
    "fiona": "context",
    "workflows": "context",
    "working": "context",
    "takingover": "context",
    "examples": "context",
    "indexing": "context",
    "filing": "context",
    "acquainting": "context",
}
EVERY_STORE_MAY = {"layout", "files", "links", "isolation", "straight"}
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


@pytest.mark.parametrize("path", sorted((PACKAGE / "steps").glob("*.py")), ids=lambda p: p.stem)
def test_a_step_imports_no_step(path):
    assert not {target for target in imports_of(path) if target[0] == "steps"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "stores").rglob("*.py")), ids=lambda p: p.stem)
def test_a_store_imports_no_store_but_layout_and_files(path):
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
