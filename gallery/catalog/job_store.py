"""Jobs as all processes see them: taggings, trainings, searches."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import fields
from datetime import UTC, datetime

from gallery.catalog.collection_store import root_of
from gallery.catalog.paths import utc_now
from gallery.catalog.store import Store
from gallery.errors import CatalogError, JobError
from gallery.settings import JOB_HEARTBEAT_S
from gallery.types import Job, JobKind, JobState
from gallery.words import without_surrogates

_COLUMNS = ", ".join(field.name for field in fields(Job))

PROGRESS = frozenset({"stage", "total", "done", "tagged", "unchanged", "skipped", "photos_per_second"})
"""What `JobStore.update_job` may set."""

_INTERRUPTED = "The {kind} process is gone. What it did is kept; start again to do the rest."
_NOT_STARTED = (
    "The {kind} process did not start. Start again; if that does not help, the folder logs in the app's "
    "folder says why."
)

START_PATIENCE_S = 60.0
"""A waiting job reads as interrupted when nobody took it for so long; a slow laptop starts Python in 10 s."""


class JobStore(Store):
    """What the catalog knows of jobs.

    A running job reports every second. One that has not for JOB_HEARTBEAT_S is
    taken for dead: it reads as INTERRUPTED, and no longer stands in the way. A
    waiting job lives as long as another one runs, or START_PATIENCE_S; after
    that it reads as INTERRUPTED too, until it is started again or taken after all.
    """

    def queue_job(self, collection_id: int | None, model_id: str, *, kind: JobKind = JobKind.TAGGING) -> Job:
        """Return the job that waits or runs, whoever started it; a new one if there is none.

        Args:
            collection_id: what is tagged; None for another kind.
            model_id: the model that tags; for another kind the name of what is done, one job a name.
            kind: of the job.

        Raises:
            CatalogError: there is no such collection.
        """
        with self._database.writing(shown=False) as connection:
            if collection_id is not None:
                root_of(connection, collection_id)
            self._bury_the_dead(connection)
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE kind = ? AND collection_id IS ? "
                "AND (collection_id IS NOT NULL OR model_id = ?) AND state IN ('queued', 'running') "
                "AND cancel_requested = 0 ORDER BY job_id LIMIT 1",
                (str(kind), collection_id, model_id),
            ).fetchone()
            if row is None:
                row = connection.execute(
                    "INSERT INTO jobs (kind, collection_id, model_id, state) VALUES (?, ?, ?, 'queued') "
                    f"RETURNING {_COLUMNS}",
                    (str(kind), collection_id, model_id),
                ).fetchone()
            connection.execute("UPDATE jobs SET heartbeat = ? WHERE job_id = ?", (self._now(), row[0]))
            if kind is JobKind.TAGGING:
                self._keep_waiting(connection)
            return _job(row)

    def claim_job(
        self, pid: int, *, kind: JobKind = JobKind.TAGGING, name: str | None = None, host: str | None = None
    ) -> Job | None:
        """Return the oldest waiting job, now running in this process.

        None when none waits, or while another of its kind runs: two at once would only
        take the processor from each other.

        Args:
            pid: this process.
            kind: of the job.
            name: only the job of this name, and while another of that name runs none.
            host: this computer.
        """
        alike = "kind = :kind AND (:name IS NULL OR model_id = :name)"
        with self._database.writing(shown=False) as connection:
            self._bury_the_dead(connection)
            row = connection.execute(
                f"""
                UPDATE jobs SET state = 'running', pid = :pid, host = :host, heartbeat = :now,
                started_at = :started
                WHERE job_id = (
                    SELECT job_id FROM jobs WHERE state = 'queued' AND {alike} ORDER BY job_id LIMIT 1
                )
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND {alike})
                RETURNING {_COLUMNS}
                """,
                {"pid": pid, "host": host, "now": self._now(), "started": utc_now(), "kind": str(kind),
                 "name": name},
            ).fetchone()  # fmt: skip
            return None if row is None else _job(row)

    def note_process(self, job_id: int, pid: int, host: str) -> None:
        """Note the process that was started for a waiting job; one that has taken it has said so itself."""
        with self._database.writing(shown=False) as connection:
            connection.execute(
                "UPDATE jobs SET pid = ?, host = ? WHERE job_id = ? AND state = 'queued'",
                (pid, host, job_id),
            )

    def update_job(self, job_id: int, **progress: int | float | str | None) -> bool:
        """Report that a job is alive, and how far it is; return whether it may go on.

        Args:
            job_id: the running job.
            **progress: any of stage, total, done, tagged, unchanged, skipped and
                photos_per_second.

        Returns:
            False when the job no longer counts as running: it was cancelled, or
            taken for dead because the computer slept.
        """
        unknown = progress.keys() - PROGRESS
        if unknown:
            raise JobError(
                f"A job has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(PROGRESS))}."
            )
        settings = "".join(f", {name} = ?" for name in progress)
        with self._database.writing(shown=False) as connection:
            row = connection.execute(
                f"UPDATE jobs SET heartbeat = ?{settings} WHERE job_id = ? AND state = 'running' "
                "RETURNING cancel_requested, kind",
                (self._now(), *progress.values(), job_id),
            ).fetchone()
            if row is not None and row[1] == JobKind.TAGGING:
                self._keep_waiting(connection)  # this process takes them when it is done
            return row is not None and not row[0]

    def finish_job(self, job_id: int, state: JobState, message: str | None = None) -> None:
        """Note how a job ended; a job that has ended stays as it is."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, message = ?, finished_at = ? "
                "WHERE job_id = ? AND state IN ('queued', 'running')",
                (str(state), None if message is None else without_surrogates(message), utc_now(), job_id),
            )

    def request_cancel(self, job_id: int) -> None:
        """Ask a running job to stop after its batch; a waiting one is cancelled at once."""
        with self._database.writing(shown=False) as connection:
            self._bury_the_dead(connection)
            connection.execute(
                "UPDATE jobs SET cancel_requested = 1 WHERE job_id = ? AND state = 'running'", (job_id,)
            )
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished_at = ? WHERE job_id = ? AND state = 'queued'",
                (utc_now(), job_id),
            )

    def cancel_requested(self, job_id: int) -> bool:
        """Return whether a job shall stop: someone asked for it, or it no longer counts as running."""
        row = self._row("SELECT cancel_requested OR state <> 'running' FROM jobs WHERE job_id = ?", (job_id,))
        return row is None or bool(row[0])

    def job(self, job_id: int) -> Job:
        """Return a job as it is now.

        Raises:
            CatalogError: there is no such job.
        """
        found = self._first("WHERE job_id = ?", job_id)
        if found is None:
            raise CatalogError(f"There is no job {job_id} (any more). Reload the page.")
        return found

    def latest_job(self, collection_id: int) -> Job | None:
        """Return the collection's newest job, as it is now; None if there never was one."""
        return self._first("WHERE collection_id = ? ORDER BY job_id DESC", collection_id)

    def latest_named(self, kind: JobKind, name: str) -> Job | None:
        """Return the newest training or search of a name, as it is now; None if there never was one."""
        return self._first("WHERE kind = ? AND model_id = ? ORDER BY job_id DESC", str(kind), name)

    def last_rate(self, model_id: str) -> float | None:
        """Return photos per second of a model's last tagging that came so far as to tell, else None."""
        row = self._row(
            "SELECT photos_per_second FROM jobs WHERE kind = 'tagging' AND model_id = ? "
            "AND photos_per_second > 0 ORDER BY job_id DESC",
            (model_id,),
        )
        return None if row is None else float(row[0])

    def waiting_job(self) -> Job | None:
        """Return the tagging that waits longest; None if none waits."""
        return self._first("WHERE kind = 'tagging' AND state = 'queued' ORDER BY job_id")

    def live_job(self) -> Job | None:
        """Return the tagging that runs, else the one that waits longest; None if there is none."""
        found = self._jobs(
            "WHERE kind = 'tagging' AND state IN ('queued', 'running') ORDER BY state = 'queued', job_id"
        )
        return next((job for job in found if job.state is not JobState.INTERRUPTED), None)

    def _jobs(self, condition: str, *values: object) -> list[Job]:
        rows = self._rows(f"SELECT {_COLUMNS}, heartbeat FROM jobs {condition}", values)
        return [_job(row[:-1], self._dead_since(row[3], row[-1])) for row in rows]

    def _first(self, condition: str, *values: object) -> Job | None:
        return next(iter(self._jobs(f"{condition} LIMIT 1", *values)), None)

    def _dead_since(self, state: str, heartbeat: float | None) -> float | None:
        patience_s = {"running": JOB_HEARTBEAT_S, "queued": START_PATIENCE_S}.get(state, math.inf)
        last = heartbeat or 0.0
        return last if self._now() - last > patience_s else None

    def _keep_waiting(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE jobs SET heartbeat = ? WHERE state = 'queued' AND kind = 'tagging'", (self._now(),)
        )

    def _bury_the_dead(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            f"SELECT {_COLUMNS}, heartbeat FROM jobs WHERE state = 'running'"
        ).fetchall()
        jobs = (_job(row[:-1], self._dead_since(row[3], row[-1])) for row in rows)
        connection.executemany(
            "UPDATE jobs SET state = ?, message = ?, finished_at = ? WHERE job_id = ?",
            [(str(job.state), job.message, job.finished_at, job.job_id) for job in jobs if not job.live],
        )


def _job(row: tuple[object, ...], dead_since: float | None = None) -> Job:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["state"], values["kind"] = JobState(str(values["state"])), JobKind(str(values["kind"]))
    values["collection_id"] = values["collection_id"] or 0
    values["cancel_requested"] = bool(values["cancel_requested"])
    if dead_since is not None:
        message = _NOT_STARTED if values["state"] is JobState.QUEUED else _INTERRUPTED
        values["message"], values["state"] = message.format(kind=values["kind"]), JobState.INTERRUPTED
        values["finished_at"] = datetime.fromtimestamp(dead_since, UTC).isoformat(timespec="microseconds")
    return Job(**values)  # type: ignore[arg-type]
