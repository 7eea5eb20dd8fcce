"""Runs scripts in forked children, so that a test may kill one at each of its steps.

Reads lines of JSON {"script", "words", "fault", "at"}; answers each with {"pid"} and
{"code", "steps", "said"}. A step a system call that changes the disk, or a call to REDCap. The fault, `kill` or the name of an
error, strikes before step `at`; 0 lets the script run to its end. Code -9 is the kill.
"""

import errno
import importlib
import json
import os
import signal
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "lib"))

import requests
from headgate.shell.runner import main

CALLS = (
    "link",
    "mkdir",
    "rename",
    "replace",
    "rmdir",
    "symlink",
    "unlink",
    "write",
    "writev",
    "fsync",
    "utime",
)
STEPS = ("process", "populate_incoming", "create_transfer_requests", "anonymize_and_send",
         "clear_old_files", "rebuild", "storescpd", "populate_auto_id",
         "populate_projects", "detect_study_arrival", "resend_project",
         "remove_old_entries", "clear_stale_links", "clear_exports", "what_is_in_pacs",
         "create_transfer_requests_for_processed", "what_is_not_in_pacs", "send_to_me",
         "notify", "run_one_job", "import_fiona", "create_zip_files", "send_files",
         "process_wsi")  # fmt: skip
# what scripts load when there is work for it: here once, and not in each child
LATER = ("arriving.filing", "arriving.resending", "deidentifying.researchcopy",
         "delivering.processed", "delivering.targets", "exporting.arranging",
         "exporting.converting", "exporting.pulling", "shell.locks", "stores.mail",
         "stores.profiles", "stores.tables", "working.running")  # fmt: skip
for later in LATER:
    importlib.import_module(f"headgate.{later}")
LOADED = {name: importlib.import_module(f"headgate.steps.{name}").STEP for name in STEPS}


class Faults:
    """Counts steps, and strikes at the chosen one."""

    def __init__(self, fault: str, at: int, counter: Path) -> None:
        self.fault, self.at, self.counter, self.count = fault, at, counter, 0

    def step(self) -> None:
        self.count += 1
        if self.at and self.count == self.at and self.fault == "kill":
            os.killpg(0, signal.SIGKILL)  # with the processes that it shares its work with
        if self.at and self.count >= self.at and self.fault in errno.errorcode.values():
            code = getattr(errno, self.fault)
            raise OSError(code, os.strerror(code))

    def install(self) -> None:
        for name in CALLS:
            setattr(os, name, self.counted(getattr(os, name), name))
        requests.Session.send = self.around(requests.Session.send)

    def counted(self, call, name):
        def wrapper(*arguments, **named):
            is_output = name in ("write", "writev") and arguments[0] in (1, 2)
            is_harmless = self.fault != "kill" and name in ("unlink", "rmdir", "rename", "replace")
            if not is_output and not is_harmless:
                self.step()
            return call(*arguments, **named)

        return wrapper

    def around(self, call):
        def wrapper(*arguments, **named):
            if self.fault != "kill":
                return call(*arguments, **named)
            self.step()
            answer = call(*arguments, **named)
            self.step()
            return answer

        return wrapper


def child(job: dict, counter: Path) -> None:
    faults = Faults(job["fault"], job["at"], counter)
    sys.argv = [job["script"], *job["words"]]
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    output = os.open(f"{counter}.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 2)
    faults.install()
    code = 70
    try:
        main(LOADED[job["script"].replace("-", "_")])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        steps = faults.count
        faults.at = 0
        Path(counter).write_text(str(steps))
        os._exit(code)


def serve() -> None:
    for number, line in enumerate(sys.stdin):
        job = json.loads(line)
        counter = Path(job["folder"]) / f"steps-{os.getpid()}-{number}"
        process = os.fork()
        if process == 0:
            os.setpgid(0, 0)
            child(job, counter)
        tell({"pid": process})
        _, status = os.waitpid(process, 0)
        steps = int(counter.read_text()) if counter.exists() else 0
        answer = {"code": os.waitstatus_to_exitcode(status), "steps": steps}
        said = Path(f"{counter}.out")
        answer["said"] = said.read_text(errors="replace")[-2000:] if said.exists() else ""
        tell(answer)


def tell(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
