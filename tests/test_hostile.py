"""Requests meant to break the site are answered like any other: never 5xx, never slow, always with the whole set of headers."""

from itertools import islice
from urllib.parse import quote, urlencode

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comparisons import freshness
from comparisons.finding import Name, nearest
from comparisons.models import CatalogueVersion
from tests import hostile
from tests.hostile import Asked, ask, faults, routes

OURS = [route for route in routes() if not route.startswith("/admin/")]
QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def test_generated_requests_find_no_fault(site, monkeypatch):
    monkeypatch.setattr(freshness, "known_now", CatalogueVersion.stamp)  # outside of a test known for a second
    found, early = [], 0
    for number, asked in enumerate(islice(hostile.requests(seed=1), 300)):
        answer = ask(asked, has_csrf_checks=number % 2 == 0)
        found += [(fault, asked) for fault in faults(asked, answer)]
        early += answer.early is not None
    assert found == []
    assert early > 0


@QUICK
@given(
    st.sampled_from(OURS),
    st.text(max_size=60),
    st.dictionaries(st.sampled_from(hostile.NAMES), st.text(max_size=60), max_size=3),
)
def test_any_text_in_an_address_is_only_text(site, route, text, query):
    path = route.replace("{}", quote(text, safe="", errors="replace"))
    asked = Asked("GET", path, urlencode(query, errors="replace"))
    assert faults(asked, ask(asked)) == []


@QUICK
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_in_a_request_line_are_only_bytes(site, path, query):
    asked = Asked("GET", "/" + "".join(f"%{byte:02x}" for byte in path), query.decode("latin-1"))
    assert faults(asked, ask(asked)) == []


@QUICK
@given(
    st.sampled_from(sorted({"/newsletter/", "/newsletter/leave/x/", "/newsletter/events/x/", "/"})),
    st.binary(max_size=400),
    st.sampled_from([kind for kind, _ in hostile.BODIES]),
)
def test_any_body_is_taken_or_refused(site, path, body, kind):
    asked = Asked("POST", path, "", {"CONTENT_TYPE": kind}, body)
    assert faults(asked, ask(asked, has_csrf_checks=False)) == []


# --- methods --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "OPTIONS", "BREW", ""])
@pytest.mark.parametrize("has_csrf_checks", [False, True])
def test_every_address_says_which_methods_it_takes(db, method, has_csrf_checks):
    found = {}
    for route in [*routes(), "/nowhere/", "/static/x.css"]:
        answer = ask(Asked(method, route.replace("{}", "1"), ""), has_csrf_checks=has_csrf_checks)
        found[route] = (answer.status, answer.headers.get("Allow"), answer.body)
    posted = {route for route, (_, allow, _) in found.items() if allow == "GET, HEAD, POST"}
    assert {(status, allow, body) for status, allow, body in found.values()} == {
        (405, "GET, HEAD", b""),
        (405, "GET, HEAD, POST", b""),
        (405, "POST", b""),
    }
    assert {"/newsletter/", "/newsletter/leave/{}/", "/admin/login/"} <= posted
    assert not {"/", "/compare/{}/", "/healthz/", "/nowhere/", "/static/x.css"} & posted


@pytest.mark.parametrize("has_csrf_checks", [False, True])
@pytest.mark.parametrize("address", ["/", "/compare/", "/compare/a-vs-b/", "/models/", "/search/", "/data/scores.csv"])
def test_nothing_can_be_posted_to_a_public_page(db, address, has_csrf_checks):
    response = Client(enforce_csrf_checks=has_csrf_checks).post(address)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


# --- what would reach the database ----------------------------------------------------------------------------------
@pytest.fixture
def admin(db) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/comparisons/score/%27/change/", 404),
        ("/admin/comparisons/score/x/history/", 404),
        ("/admin/comparisons/score/1/history/x/", 404),
        ("/admin/comparisons/category/" + "9" * 5_000 + "/history/", 404),
        ("/admin/comparisons/fit/x/history/", 404),
        ("/admin/auth/user/x/password/", 404),
        ("/admin/comparisons/score/add/?benchmark=%25%25", 200),
        ("/admin/comparisons/score/add/?model=" + "9" * 5_000, 200),
        ("/admin/comparisons/score/?q=%00", 400),
        ("/admin/comparisons/score/?model__slug__exact=%00", 400),
    ],
)
def test_odd_key_in_the_admin_is_not_found(admin, address, status):
    assert admin.get(address).status_code == status


def test_nul_in_a_cookie_is_refused(db):
    for address in ("/admin/", "/newsletter/", "/search/"):
        assert Client().get(address, headers={"Cookie": 'sessionid="\\000"'}).status_code == 400


def test_near_names_are_sought_among_those_that_share_most():
    names = [Name(f"model-{number}", "", "", frozenset(), "") for number in range(3_000)]
    names.append(Name("gemma-4-31b", "Gemma", "Google", frozenset(), ""))
    assert [name.slug for name in nearest("gema-4-31b", names)][:1] == ["gemma-4-31b"]
    assert [name.slug for name in nearest("model-2999x", names)][:1] == ["model-2999"]
