"""Imports in processes of their own, killed at any moment. tests/bench/kill_import.py has it long."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.django_db  # sets the database up that `own_database` copies


def test_killed_import_leaves_the_state_before_or_after(own_database):
    """By the command and through the admin, on whichever database the tests run."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.kill_import", "12", "1"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": own_database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert (found["tries"], sum(found["outcomes"].values()), found["half"]) == (12, 12, [])
    assert found["outcomes"].keys() >= {"by_command killed before", "by_page killed before"}
