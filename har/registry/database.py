"""The local database: whole or not there, whoever comes first and whatever is killed.

MLflow makes its tables at first use, one after the other, and two processes that do so
at the same time break them for good. So they are made, or brought up to date, in a file
beside the database, by one process at a time, and that file is renamed when it is whole.
"""

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

from har.disk import is_unwritable
from har.errors import MissingError, UsageError

# How long a command waits for somebody who writes, s.
PATIENCE_S = 10.0
_log = logging.getLogger(__name__)


class _InterruptedError(MissingError):
    """A killed writer left half of a transaction: who may write takes it back."""


def prepare(database: Path) -> None:
    """Make a database, or bring one of an older MLflow up to date, if need be.

    Raises
    ------
    MissingError
        If it is locked, a later MLflow made it, or its folder cannot be written.
    UsageError
        If the file is something else.
    """
    from mlflow.store.db.utils import _get_latest_schema_revision

    wanted = _get_latest_schema_revision()  # type: ignore[no-untyped-call]
    if is_current(database, wanted):
        return
    with alone(database):
        unfinished = _is_unfinished(database)
        if is_current(database, wanted):
            return
        scratch = database.with_name(f"{database.name}.new")
        _remove(scratch)  # what a killed process left
        if unfinished:
            _make(scratch)
            _remove(database)
        else:
            _bring_up_to_date(database, scratch)
        scratch.replace(database)


def is_current(database: Path, wanted: str) -> bool:
    """Whether a database is there and has certain tables, and nobody was killed in it."""
    try:
        return database.is_file() and revision(database) == wanted
    except _InterruptedError:
        return False


def uri_of(database: Path) -> str:
    """Return the address of a database, by its whole path if that can be part of one.

    What follows a question mark would be options, so such a path is given from here.
    """
    path = database.resolve()
    return f"sqlite:///{database if '?' in str(path) else path}"


def revision(database: Path) -> str | None:
    """Return which tables a database has, by the name of MLflow's last change to them."""
    with opened(database) as db:
        if "alembic_version" not in _tables(db):
            return None
        rows = db.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(rows[0][0]) if rows else None


@contextmanager
def opened(database: Path, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """Open a database for the time of a block.

    Parameters
    ----------
    database : Path
        The file, which is there.
    mode : {'ro', 'rw'}
        Whether it is written to; if so, in one transaction, which nobody else is in.

    Raises
    ------
    MissingError
        If it is locked or cannot be written.
    UsageError
        If it is no database.
    """
    address = f"{database.resolve().as_uri()}?mode={mode}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as db:
            if mode == "rw":
                db.execute("BEGIN IMMEDIATE")
            yield db
            db.commit()
    except sqlite3.OperationalError as error:
        interrupted = mode == "ro" and error.sqlite_errorname.startswith("SQLITE_READONLY")
        raise (_InterruptedError if interrupted else MissingError)(
            f"{database}: cannot be {'written' if mode == 'rw' else 'read'}",
            found=str(error),
            hint="if another program holds it (`fuser` names it), end that one and try again; "
            "else see who may write the file and its folder",
        ) from None
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"{database}: not a database of MLflow",
            found=str(error),
            hint="restore it from a backup, or move it away: a new one is made then",
        ) from None


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Keep all other processes of ours from making or changing a database in a block.

    Raises
    ------
    MissingError
        If the folder cannot be written.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(database.with_name(f"{database.name}.lock"))
        lock.acquire()
    except OSError as error:
        if not is_unwritable(error):
            raise
        raise MissingError(
            f"{database}: has to be made or brought up to date, but {database.parent} "
            "cannot be written",
            found=error.strerror,
            hint="do it once where it can be written: `har registry reconcile`",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _is_unfinished(database: Path) -> bool:
    """Whether there is no database, or one that was never used: MLflow ends with a row."""
    if not database.exists():
        return True
    # With rw, what a killed writer left of a transaction is rolled back first.
    with opened(database, "rw") as db:
        tables = _tables(db)
        if not tables:
            return True
        if not {"experiments", "runs"} & tables:
            raise UsageError(
                f"{database}: a database of something else than MLflow",
                found=f"the tables {', '.join(sorted(tables)[:5])}",
                hint="name another file in MLFLOW_TRACKING_URI or registry.tracking_uri",
            )
        if "experiments" not in tables:
            return True
        return not db.execute("SELECT 1 FROM experiments").fetchall()


def _make(scratch: Path) -> None:
    """Make all tables and the default experiment in a new file."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(uri_of(scratch), str(scratch.parent)).engine.dispose()  # type: ignore[no-untyped-call]


def _bring_up_to_date(database: Path, scratch: Path) -> None:
    """Write a database's content to a new file with the tables of the MLflow that is here."""
    from mlflow.store.db.utils import _upgrade_db
    from sqlalchemy import create_engine

    old = revision(database)
    _require_known(database, old)
    kept = database.with_name(f"{database.stem}-{old}{database.suffix}")
    with opened(database) as source, closing(sqlite3.connect(scratch)) as target:
        source.backup(target)
    shutil.copyfile(scratch, kept)
    engine = create_engine(uri_of(scratch))
    _upgrade_db(engine)  # type: ignore[no-untyped-call]
    engine.dispose()
    _log.warning("%s: brought up to date; as it was, it is kept as %s", database, kept.name)


def _require_known(database: Path, old: str | None) -> None:
    from alembic.script import ScriptDirectory
    from mlflow import __version__
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config(""))  # type: ignore[no-untyped-call]
    if old not in {change.revision for change in script.walk_revisions()}:
        raise MissingError(
            f"{database}: a later MLflow made it",
            expected=f"tables of MLflow {__version__} or before",
            found=f"tables {old}",
            hint="install the MLflow that it was used with (pip install --upgrade mlflow)",
        )


def _tables(db: sqlite3.Connection) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return {name for (name,) in db.execute(query)}


def _remove(database: Path) -> None:
    """Remove a database; its journal first, which would be read into the next of its name."""
    for suffix in ("-journal", "-wal", "-shm", ""):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
