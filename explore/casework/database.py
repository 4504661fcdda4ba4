"""The team's database: one engine per URL, brought to the newest migration when it is first opened.

SQLite (the default) runs with a rollback journal and synchronous=FULL: an acknowledged write survives a crash, and
SQLite before 3.51.3 can corrupt a write-ahead log.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from explore.errors import Refused
from explore.files import own_folder
from explore.settings import Workspace

# SAFETY.md: a writer waits this long for another process, then says "busy" and the page keeps its form.
BUSY_SECONDS = 5.0

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 4_771_001  # any fixed number: PostgreSQL's advisory lock for "somebody migrates"
_FIRST_OPEN = threading.Lock()

_PLAIN_WORDS = {
    r"database is locked|lock timeout|LockNotAvailable": (
        "The database is busy: another process has been writing for more than a few seconds. Try again in a moment."
    ),
    r"disk is full|No space left": "The disk is full, so nothing was saved. Free some space and try again.",
    r"readonly database|unable to open database": (
        "The database cannot be written. Check that the workspace folder exists and that you may write to it."
    ),
    r"file is not a database|malformed": (
        "The database file is damaged or is not a database. Restore groundswell.db from a backup, or move it away."
    ),
    r"connection failed|could not connect|Connection refused": (
        "The database does not answer. Check EXPLORE_DATABASE_URL and that the server is up."
    ),
}


class UTCTime(sa.types.TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is put back on reading; a moment without a zone is an error."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """To UTC on the way in."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """With its zone on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def reading(workspace: Workspace) -> Iterator[Connection]:
    """A connection in one read transaction. Raises Refused in plain words when the database is busy or unusable."""
    with _in_plain_words(), engine(workspace).begin() as connection:
        yield connection


@contextmanager
def writing(workspace: Workspace) -> Iterator[Connection]:
    """A connection in one write transaction, committed when the block ends well and rolled back on any error.

    On SQLite it starts with BEGIN IMMEDIATE: what the block reads cannot change before it writes. Raises Refused
    "The database is busy …" after BUSY_SECONDS.
    """
    with _in_plain_words(), engine(workspace).execution_options(groundswell_writes=True).begin() as connection:
        yield connection


def engine(workspace: Workspace) -> Engine:
    """The engine of the workspace's database, made and migrated once per process and URL."""
    with _FIRST_OPEN:
        return _opened(workspace.database_url)


@cache
def _opened(url: str) -> Engine:
    made = _sqlite_engine(url) if url.startswith("sqlite") else _server_engine(url)
    with _in_plain_words():
        _migrate(made)
    return made


def _sqlite_engine(url: str) -> Engine:
    """No pool: opening a file costs less than a millisecond, and no lock outlives the block that needed it."""
    path = sa.make_url(url).database
    if not path or path == ":memory:":
        raise Refused(f"EXPLORE_DATABASE_URL is '{url}', which keeps nothing; name a file: sqlite:////folder/team.db")
    _make_private(Path(path))
    made = sa.create_engine(url, poolclass=NullPool)
    sa.event.listen(made, "connect", _set_up_sqlite)
    sa.event.listen(made, "begin", _begin_sqlite)
    return made


def _make_private(path: Path) -> None:
    """Make the file for its owner alone and, where its folder is shared with a group, for that group."""
    try:
        own_folder(path.parent)
        shared = path.parent.stat().st_mode & 0o020
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        if shared:
            path.chmod(0o660)
    except OSError:
        return  # it is there, or cannot be made: SQLite says so in words


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.execute("PRAGMA journal_mode = DELETE")  # other programs may have left a write-ahead log
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what an erasure overwrites does not linger in free pages


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("groundswell_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _server_engine(url: str) -> Engine:
    """PostgreSQL: a small pool, and the same patience with locks as on SQLite."""
    try:
        options = {"options": f"-c lock_timeout={int(BUSY_SECONDS * 1000)}"}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=options)
    except ImportError as error:
        raise Refused(
            f"EXPLORE_DATABASE_URL needs the package '{error.name}'; install it with pip install 'psycopg[binary]'."
        ) from error
    except sa.exc.ArgumentError as error:
        raise Refused(
            "EXPLORE_DATABASE_URL is not a database URL; use sqlite:////folder/team.db or postgresql://user@host/name."
        ) from error


def _migrate(made: Engine) -> None:
    """Apply the migrations that are missing, all or none; of two processes at once, the second waits and finds none."""
    from alembic.config import Config  # not needed after the first open
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with made.begin() as connection:
        current = _revision(connection)
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise Refused("The database was made by a newer version of Groundswell. Update Groundswell to open it.")
    if current != scripts.get_current_head():
        _upgrade(made, config)


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(made: Engine, config: Any) -> None:
    from alembic import command

    with made.execution_options(groundswell_writes=True).begin() as connection:
        if made.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Turn what a database driver says about its surroundings into what a person can do about it."""
    try:
        yield
    except DBAPIError as error:
        said = f"{type(error.orig).__name__}: {error.orig}"
        for pattern, words in _PLAIN_WORDS.items():
            if re.search(pattern, said):
                raise Refused(words) from error
        raise
