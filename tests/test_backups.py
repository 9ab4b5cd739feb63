"""A drill: back up while others write, restore elsewhere, and look whether all of it is there."""

import datetime
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from benchlm import backups
from benchlm.backups import BackupError
from benchlm.newsletter import issues
from benchlm.newsletter.models import Delivery, Issue, Subscriber
from benchlm.newsletter.restoring import hold_mail
from benchlm.secrets import local_key

ROOT = Path(__file__).parents[1]
NOW = datetime.datetime(2026, 11, 26, 3, 15, tzinfo=datetime.UTC)

# Each transaction writes two lines of the change log and one hit of a counter, again and again until it is stopped.
WRITE = """
import time
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from benchlm.newsletter import limits
from benchlm.newsletter.models import Delivery, Issue, Subscriber
from comparisons.importing.writing import import_folder
from comparisons.models import Change
call_command("migrate", verbosity=0)
now = timezone.now()
assert import_folder("comparisons/catalogue", today=now.date()).applied
reader = Subscriber.objects.create(email="a@b.co", email_key="a@b.co", status="active", confirmed_at=now, regime="STRICT",
                                   location_source="unknown", consent_version="x")
issue = Issue.objects.create(iso_year=2026, iso_week=40, state="sending", subject="Week 40", frozen=1)
Delivery.objects.create(issue=issue, subscriber=reader, next_try_at=now, changed_at=now)
for number in range(1_000_000):
    with transaction.atomic():
        Change.objects.create(kind="model_added", subject=f"even {number}")
        counter = limits.locked("all", "", now)
        limits.count(counter, "all", now)
        Change.objects.create(kind="model_added", subject=f"odd {number}")
    time.sleep(0.002)
    if number == 9:
        print("writing", flush=True)
"""
RESTORE = """
import json, sys
from pathlib import Path
from django.core.management import call_command
from django.db.models import Q
from django.test import Client
from benchlm.newsletter.models import Delivery, Issue, Limit
from comparisons.importing.exporting import export_folder
from comparisons.models import Change
backup, folder = sys.stdin.read().split()
call_command("restore", backup)
export_folder(Path(folder))
lines = Change.objects.filter(Q(subject__startswith="even ") | Q(subject__startswith="odd ")).count()
issue = Issue.objects.get(iso_week=40)
pages = ("/", "/compare/gemma-4-31b-vs-gpt-4-1/", "/healthz/", "/newsletter/2026-W40/")
print(json.dumps({
    "pages": [Client(headers={"host": "localhost"}).get(page).status_code for page in pages],
    "torn": lines % 2 + lines // 2 - len(Limit.objects.get().hits), "written": lines >= 20,
    "balance": [issue.is_balanced, issue.balance()], "id": Delivery.objects.get().message_id is not None,
}))
"""


def machine(state: Path, name: str) -> dict[str, str]:
    """The environment of a machine of its own, with an empty database of the kind that this run tests."""
    url = f"sqlite:///{state}/benchlm.sqlite3"
    if connection.vendor == "postgresql":
        if shutil.which("pg_dump") is None:
            pytest.skip("pg_dump is not installed")
        import psycopg

        with psycopg.connect(**connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name}")
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(state),
        "DATABASE_URL": url,
        "RELEASE": "test",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }


def manage(environment: dict[str, str], *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environment, input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def drilled(tmp_path_factory, django_db_setup, django_db_blocker) -> tuple[dict[str, str], Path]:
    """A machine whose site is written to, and the backup that was made of it meanwhile."""
    folder = tmp_path_factory.mktemp("drill")
    with django_db_blocker.unblock():
        here = machine(folder / "here", "drill_here")
    (folder / "here").mkdir()
    local_key(folder / "here" / "secret_key")
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", WRITE]
    writer = subprocess.Popen(command, cwd=ROOT, env=here, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout.readline() == "writing\n"
        said = manage(here, "backup", str(folder / "kept"))
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    (backup,) = (folder / "kept").iterdir()
    assert said.startswith(f"{backup} (") and said.endswith(" MB), checked\n")
    return here, backup


def test_restored_site_answers_and_has_all_of_one_moment(drilled, tmp_path, django_db_blocker):
    here, backup = drilled
    with django_db_blocker.unblock():
        there = machine(tmp_path / "there", "drill_there")
    said = manage(there, "shell", "-v0", "-c", RESTORE, given=f"{backup} {tmp_path / 'restored'}")
    found = json.loads(said.splitlines()[-1])
    assert found == {
        "pages": [200, 200, 200, 200],
        "torn": 0,
        "written": True,
        "balance": [True, {"sent": 0, "failed": 0, "cancelled": 0, "uncertain": 1, "open": 0}],
        "id": True,
    }
    manage(here, "export_catalogue", str(tmp_path / "original"))
    tables = sorted(path.name for path in (tmp_path / "original").iterdir())
    assert tables == sorted(path.name for path in (tmp_path / "restored").iterdir())
    for name in tables:
        assert (tmp_path / "restored" / name).read_bytes() == (tmp_path / "original" / name).read_bytes()
    for key in backups.KEYS:
        assert (tmp_path / "there" / key).read_text() == (Path(here["STATE_DIR"]) / key).read_text()


def test_backup_is_for_its_owner_alone(drilled):
    _, backup = drilled
    names = {"secret_key", "newsletter_key", backups.COPIES[connection.vendor]}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == dict.fromkeys(names, 0o600)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (backup, backup.parent)] == [0o700, 0o700]


def test_backup_that_is_cut_short_is_refused(drilled, tmp_path):
    copy = shutil.copytree(drilled[1], tmp_path / "cut") / backups.COPIES[connection.vendor]
    content = copy.read_bytes()
    for length in (0, 50, len(content) // 2):
        copy.write_bytes(content[:length])
        with pytest.raises(BackupError):
            backups.check(copy)


@pytest.mark.django_db
def test_restore_leaves_a_site_that_is_there_alone(drilled):
    with pytest.raises(CommandError, match=r"The database holds a site already. Name an empty one"):
        call_command("restore", drilled[1])


def test_restore_names_the_file_that_is_missing(tmp_path):
    with pytest.raises(BackupError, match=r"benchlm\.\w+ is missing: this is no backup of a site on "):
        backups.restore(tmp_path)


def test_copy_without_a_site_is_refused(tmp_path):
    copy = tmp_path / backups.COPIES["sqlite"]
    with sqlite3.connect(copy) as empty:
        empty.execute("CREATE TABLE other (number)")
    empty.close()
    with pytest.raises(BackupError, match="holds no site"):
        backups.check(copy)


# --- the folder of backups ------------------------------------------------------------------------------------------
def test_only_the_newest_backups_stay_and_nothing_else_goes(tmp_path):
    names = [f"202611{day:02}T031500Z" for day in range(1, 6)]
    for name in [*names, "20261101", "notes", ".20261102T031500Z.abc"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    assert backups.prune(tmp_path, 2) == names[:3]
    assert {path.name for path in tmp_path.iterdir()} == {*names[3:], "20261101", "notes", ".20261102T031500Z.abc"}
    assert backups.prune(tmp_path, 2) == []


def test_backup_without_a_place_says_so_and_leaves_nothing(tmp_path):
    with pytest.raises(BackupError, match="Keep at least one backup"):
        backups.back_up(tmp_path / "new", NOW, keep=0)
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match="No backup: "):
        backups.back_up(tmp_path / "file", NOW)
    (tmp_path / "20261126T031500Z").mkdir()
    with pytest.raises(BackupError, match="exists already"):
        backups.back_up(tmp_path, NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20261126T031500Z", "file"]


@pytest.mark.django_db
def test_backup_that_fails_leaves_no_half_of_one(tmp_path, monkeypatch):
    """SQLite cannot copy inside the test's own transaction; PostgreSQL's program is out of reach."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match=r"^No backup: |pg_dump is missing"):
        backups.back_up(tmp_path / "kept", NOW)
    assert list((tmp_path / "kept").iterdir()) == []


# --- the weekly email of a restored site ----------------------------------------------------------------------------
@pytest.mark.django_db
def test_restored_ledger_owes_nothing_until_a_person_says_so():
    now = timezone.now()
    issue = Issue.objects.create(iso_year=2026, iso_week=40, state="sending", subject="Week 40", frozen=4)
    for number, state in enumerate(("pending", "handed", "retry", "sent")):
        email = f"r{number}@reader.example"
        reader = Subscriber.objects.create(
            email=email, email_key=email, status="active", confirmed_at=now, regime="STRICT",
            location_source="unknown", consent_version="x",
        )  # fmt: skip
        message_id = None if state == "pending" else f"<{number}@benchlm.example>"
        Delivery.objects.create(
            issue=issue, subscriber=reader, state=state, message_id=message_id, next_try_at=now, changed_at=now
        )
    hold_mail()
    hold_mail()
    assert issue.balance() == {"sent": 1, "failed": 0, "cancelled": 0, "uncertain": 3, "open": 0}
    due = issues.issue_of(issues.last_ended(now))
    assert (due.state, due.is_held) == ("planned", True)
