"""A copy of everything that a site stores, and a site from a copy.

A backup is a folder named by its time, laid out like STATE_DIR: the database and the keys that the site keeps beside it.
It holds subscribers' addresses, so only its owner may read it, and only the newest few are kept.
"""

import datetime
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

KEPT = 14  # as the privacy page says
KEYS = ("secret_key", "newsletter_key")
NAME = re.compile(r"\d{8}T\d{6}Z\Z")
# What of DATABASE_URL goes to PostgreSQL's programs; the rest is for Django's driver.
CONNECTION = ("dbname", "user", "host", "port", "service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey")
COPIES = {"sqlite": "benchlm.sqlite3", "postgresql": "benchlm.dump"}


class BackupError(Exception):
    """Why there is no backup, or no site from it, in a sentence."""


@dataclass(frozen=True)
class Backup:
    path: Path
    size: int  # bytes
    removed: tuple[str, ...]  # names of older ones that went

    def __str__(self) -> str:
        older = f"; removed {', '.join(self.removed)}" if self.removed else ""
        return f"{self.path} ({self.size / 1e6:,.1f} MB), checked{older}"


# --- making one -----------------------------------------------------------------------------------------------------
def back_up(folder: Path, now: datetime.datetime, *, keep: int = KEPT) -> Backup:
    """Copy the site beside running readers and writers, check the copy, then remove all but the newest `keep`.

    The folder has its name only once all of it is on the disk. Raises BackupError.
    """
    if keep < 1:
        raise BackupError("Keep at least one backup.")
    name = now.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / name).exists():
            raise BackupError(f"{folder / name} exists already.")
        draft = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder))  # open to its owner alone
        try:
            fill(draft)
            draft.rename(folder / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        flush(folder)
    except OSError as error:
        raise BackupError(f"No backup: {error}") from error
    size = sum(path.stat().st_size for path in (folder / name).iterdir())
    return Backup(folder / name, size, tuple(prune(folder, keep)))


def fill(draft: Path) -> None:
    copy = draft / COPIES[connection.vendor]
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600))
    dump(copy)
    check(copy)
    for key in KEYS:
        if (settings.STATE_DIR / key).exists():
            shutil.copy(settings.STATE_DIR / key, draft / key)  # with its mode
    for path in (*draft.iterdir(), draft):
        flush(path)


def dump(copy: Path) -> None:
    """The database as it is at one moment; nobody waits for it."""
    if connection.vendor == "sqlite":
        try:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(copy)])
        except DatabaseError as error:
            raise BackupError(f"No backup: {error}") from error
    else:
        run_postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")


def check(copy: Path) -> None:
    """Raise BackupError unless the copy can be read from its first to its last page and holds a site."""
    if copy.name == COPIES["postgresql"]:
        if "TABLE DATA public django_migrations" not in run(["pg_restore", "--list", str(copy)]):
            raise BackupError(f"{copy} holds no site.")
        return
    reader = sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = [row[0] for row in reader.execute("PRAGMA integrity_check")]
        broken = reader.execute("PRAGMA foreign_key_check").fetchall()
        (tables,) = reader.execute("SELECT count(*) FROM sqlite_master WHERE name = 'django_migrations'").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{copy} is broken: {error}") from error
    finally:
        reader.close()
    if found != ["ok"] or broken:
        raise BackupError(f"{copy} is broken: {'; '.join(found[:3])}, {len(broken)} rows point nowhere.")
    if not tables:
        raise BackupError(f"{copy} holds no site.")


def prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep`; other files of the folder stay."""
    names = sorted(path.name for path in folder.iterdir() if NAME.match(path.name))
    for name in names[:-keep]:
        shutil.rmtree(folder / name)
    return names[:-keep]


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


# --- a site from one ------------------------------------------------------------------------------------------------
def restore(backup: Path) -> None:
    """Fill an empty database and STATE_DIR from a backup and bring both up to this release. Raises BackupError.

    The copy may be older than the last mail that went out: what it believes is owed waits for a person's word.
    """
    copy = backup / COPIES[connection.vendor]
    if not copy.is_file():
        raise BackupError(f"{copy} is missing: this is no backup of a site on {connection.display_name}.")
    check(copy)
    if connection.introspection.table_names():
        raise BackupError("The database holds a site already. Name an empty one: another STATE_DIR, or DATABASE_URL.")
    load(copy)
    for key in KEYS:
        if (backup / key).exists():
            shutil.copy(backup / key, settings.STATE_DIR / key)
    call_command("migrate", interactive=False, verbosity=0)
    if apps.is_installed("benchlm.newsletter"):
        from benchlm.newsletter.restoring import hold_mail

        hold_mail()


def load(copy: Path) -> None:
    if connection.vendor == "postgresql":
        run_postgres(
            "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(copy)
        )
        return
    connection.close()  # the last one to close takes the empty database's journal with it
    path = Path(settings.DATABASES["default"]["NAME"])
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    shutil.copy(copy, draft)
    draft.chmod(0o600)
    for journal in ("-wal", "-shm"):
        path.with_name(path.name + journal).unlink(missing_ok=True)
    draft.replace(path)


# --- PostgreSQL's own programs --------------------------------------------------------------------------------------
def run_postgres(program: str, *options: str) -> str:
    """Run pg_dump or pg_restore on the site's database; the password stays out of the list of processes."""
    from psycopg.conninfo import make_conninfo  # an extra: not every site has it

    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in CONNECTION if name in parameters}
    return run(
        [program, f"--dbname={make_conninfo(**known)}", *options], {"PGPASSWORD": parameters.get("password", "")}
    )


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (the words are ours)
            command, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing: install PostgreSQL's client programs.") from error
    if done.returncode:
        raise BackupError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
