"""The jobs of workflows: one file each, in the folder of its state."""

import os
from contextlib import suppress
from pathlib import Path

from headgate.core.errors import Rejected
from headgate.core.jobs import Job, JobState, next_state
from headgate.stores import files
from headgate.stores.layout import Layout

SUFFIX = ".json"
COMPLAINTS = ".stderr"


class Jobs:
    """The folders under `jobs/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def add(self, job: Job) -> bool:
        """Given a new job, queue it; return False when it is there already, in any state.

        Raise Unavailable when the disk cannot take it.
        """
        if self.state_of(job.id):
            return False
        files.write_whole(self._path(JobState.QUEUED, job.id), job.to_json())
        return True

    def state_of(self, job_id: str) -> JobState | None:
        """Given an id, return the state it is in, or None."""
        return next((one for one in JobState if self._path(one, job_id).exists()), None)

    def entered(self, state: JobState) -> dict[str, float]:
        """Given a state, return the ids of its jobs and when each entered it, as POSIX time; the
        one that entered it first leads.
        """
        found = {}
        for name in files.names_in(self._layout.jobs / state):
            if name.endswith(SUFFIX):
                with suppress(FileNotFoundError):
                    found[name.removesuffix(SUFFIX)] = (
                        (self._layout.jobs / state / name).stat().st_mtime
                    )
        return dict(sorted(found.items(), key=lambda one: one[1]))

    def read(self, state: JobState, job_id: str) -> Job:
        """Given a state and an id, return the job. Raise Rejected when the file is none."""
        try:
            return Job.from_json(self._path(state, job_id).read_text())
        except (ValueError, FileNotFoundError) as error:
            raise Rejected(
                f"the job {job_id} in jobs/{state} cannot be read ({error}): look at the file, "
                "mend or remove it"
            ) from error

    def move(self, job: Job, state: JobState, event: str) -> JobState:
        """Given a job and the state it lies in, write it and move it as the event says.

        Return the new state. Raise ImpossibleMove, Unavailable.
        """
        target = next_state(state, event)
        files.write_whole(self._path(state, job.id), job.to_json())
        files.move(self._path(state, job.id), self._path(target, job.id))
        return target

    def find(self, job_id: str) -> tuple[JobState, Job]:
        """Given an id, return the state and the job. Raise Rejected when there is none."""
        state = self.state_of(job_id)
        if state is None:
            raise Rejected(f"no job {job_id}: bin/status tells of them")
        return state, self.read(state, job_id)

    def refuse(self, job_id: str) -> None:
        """Given a queued job that cannot be read, put it where a person looks."""
        target = next_state(JobState.QUEUED, "refused")
        files.move(self._path(JobState.QUEUED, job_id), self._path(target, job_id))

    def complaints(self, job_id: str) -> Path:
        """Given a job that failed, return the file beside it that holds what its program said."""
        return self._layout.jobs / JobState.FAILED / (job_id + COMPLAINTS)

    def put_off(self, job: Job) -> None:
        """Given a queued job that waits, note until when and why. Raise Unavailable."""
        files.write_whole(self._path(JobState.QUEUED, job.id), job.to_json())

    def recover(self, job_id: str) -> None:
        """Given an active job, put it back into the queue.

        To be called under the lock of what runs jobs alone: what is active then is the trace of a
        run that died.
        """
        target = next_state(JobState.ACTIVE, "found")
        files.move(self._path(JobState.ACTIVE, job_id), self._path(target, job_id))

    def forget(self, state: JobState, job_id: str, before: float) -> bool:
        """Given a state, an id and a POSIX time, remove the job if it entered the state earlier;
        return whether it did.
        """
        path = self._path(state, job_id)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                files.remove(self.complaints(job_id))
                os.unlink(path)  # noqa: PTH108 (one system call)
                return True
        return False

    def _path(self, state: JobState, job_id: str) -> Path:
        return self._layout.jobs / state / (job_id + SUFFIX)
