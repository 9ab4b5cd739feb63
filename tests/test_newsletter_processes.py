"""The sender in processes of its own: killed, stopped, cut off from its database, beside others. tests/bench/kill_test.py has it long."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.django_db  # sets the database up that `own_database` copies
SAME = {"doubled": 0, "silently lost": 0, "sent without an entry": 0, "open": 0}


def test_faults_of_the_sender_double_and_lose_nothing(own_database):
    """Every mail is sent once, or counted as uncertain: one at most for each fault."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.kill_test", "given", "quick"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": own_database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    extra = {"restart"} if connection.vendor == "postgresql" else {"full", "power"}
    assert set(found) == {"kill", "senders", "stopped", "readonly", "flood", "refused"} | extra
    flood = found.pop("flood")
    assert (flood["mails for them"], flood["taken of twenty"]) == (3, 20)
    for name, told in found.items():
        assert {each: told[each] for each in SAME} == SAME, name
        assert told["accepted by the mail server"] >= told["recipients"] - told["uncertain"] - told["failed"], name
        assert told["uncertain"] <= told["faults"], name
    assert found["kill"]["runs out of balance"] == 0
    assert (found["senders"]["exits not 0"], found["senders"]["uncertain"]) == (0, 0)
    assert {
        name: found["stopped"][name] for name in ("exit of the second", "mails of the second", "exit of the first")
    } == {
        "exit of the second": 0,
        "mails of the second": 0,
        "exit of the first": 0,
    }
    assert (found["refused"]["failed"], found["refused"]["still active"]) == (5, 35)
    for name in {"readonly"} | extra - {"power"}:
        assert (found[name]["exits not 1"], found[name]["last exit"]) == (0, 0), name
