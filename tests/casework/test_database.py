import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from explore.casework import database
from explore.casework.database import engine, reading, writing
from explore.casework.removals import REMOVALS
from explore.errors import Refused
from explore.jobs.queue import JOBS
from explore.settings import PROJECT, Workspace, workspace_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_database_has_the_tables_that_the_code_expects(workspace: Workspace) -> None:
    with reading(workspace) as connection:
        ours = [JOBS.metadata, REMOVALS.metadata]
        assert compare_metadata(MigrationContext.configure(connection), ours) == []


def test_sqlite_keeps_what_it_acknowledged(workspace: Workspace) -> None:
    with reading(workspace) as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        ]
    assert settings == ["delete", 2, 1, 1, 5000]


def test_a_write_ahead_log_left_by_another_program_is_given_up(workspace: Workspace) -> None:
    engine(workspace)
    with closing(sqlite3.connect(_file(workspace))) as other:
        other.execute("PRAGMA journal_mode = WAL")
    with reading(workspace) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


def test_one_engine_is_kept_for_a_url(workspace: Workspace) -> None:
    assert engine(workspace) is engine(workspace_at(workspace.home))


def test_a_write_that_fails_is_undone_whole(workspace: Workspace) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        _add_twice(workspace)
    with reading(workspace) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(JOBS)) == 0


def test_a_write_shuts_out_other_writers_from_its_first_line_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with writing(workspace), pytest.raises(Refused, match="busy"), writing(workspace):
        pass


def test_a_locked_database_is_busy_within_seconds_and_works_again_afterwards(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.BUSY_SECONDS <= 5
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)
    engine(workspace)
    with closing(sqlite3.connect(_file(workspace), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        since = time.monotonic()
        with pytest.raises(Refused, match="The database is busy"), writing(workspace):
            pass
        assert 0.4 < time.monotonic() - since < 2
        other.execute("ROLLBACK")
    with writing(workspace) as connection:
        _add_job(connection)


def test_a_database_of_a_newer_version_is_refused(workspace: Workspace) -> None:
    workspace.home.mkdir()
    with closing(sqlite3.connect(_file(workspace))) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
        other.commit()
    with pytest.raises(Refused, match="newer version"):
        engine(workspace)


def test_a_file_that_is_no_database_is_refused(workspace: Workspace) -> None:
    workspace.home.mkdir()
    _file(workspace).write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(Refused, match="damaged"):
        engine(workspace)


@pytest.mark.parametrize(("url", "says"), [("sqlite://", "keeps nothing"), ("nonsense", "not a database URL")])
def test_a_database_url_that_cannot_work_is_refused(workspace: Workspace, url: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        engine(Workspace(home=workspace.home, database_url=url))


def test_a_driver_that_is_not_installed_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Refused, match=r"pip install 'psycopg\[binary\]'"):
        engine(Workspace(home=workspace.home, database_url="postgresql+psycopg://somebody@localhost/team"))


def test_processes_that_open_an_empty_workspace_at_once_all_find_it_ready(workspace: Workspace) -> None:
    workspace.home.mkdir()
    command = [sys.executable, "-c", _OPEN_AT_ONCE, str(workspace.home)]
    openers = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for opener in openers:
        opener.stdout.readline()
    (workspace.home / "go").touch()
    assert [opener.communicate(timeout=20)[0] for opener in openers] == ["0\n", "0\n"]


@pytest.mark.parametrize("moment", [NOW, None])
def test_moments_come_back_in_utc(workspace: Workspace, moment: datetime | None) -> None:
    with writing(workspace) as connection:
        _add_job(connection, started_at=moment)
        assert connection.scalar(sa.select(JOBS.c.started_at)) == moment


def test_a_moment_without_a_zone_is_a_mistake(workspace: Workspace) -> None:
    with pytest.raises(sa.exc.StatementError, match="no time zone"), writing(workspace) as connection:
        _add_job(connection, started_at=NOW.replace(tzinfo=None))


_OPEN_AT_ONCE = """
import sys, time
from pathlib import Path
import alembic.command
from explore.jobs import list_jobs
from explore.settings import workspace_at
home = Path(sys.argv[1])
print("ready", flush=True)
while not (home / "go").exists():
    pass
print(len(list_jobs(workspace_at(home))))
"""


def _add_job(connection: sa.Connection, **columns: Any) -> None:
    row = {"title": "one", "state": "waiting", "stage": "", "submitted_at": NOW, "result": {}, "message": ""}
    connection.execute(sa.insert(JOBS).values(**row, **columns))


def _add_twice(workspace: Workspace) -> None:
    with writing(workspace) as connection:
        _add_job(connection, id=1)
        _add_job(connection, id=1)


def _file(workspace: Workspace) -> Path:
    return workspace.home / "groundswell.db"
