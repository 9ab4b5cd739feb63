"""Finished pages: what is kept under which key, who may get it, and that no header of one visitor reaches another."""

import gzip
import re
import threading

import brotli
import pytest
from django.db import connection
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from benchlm import pagestore, wsgi
from benchlm.pagestore import Key, Memory, Page, Reply, built, chosen_coding, finished, is_current, kept_query, memory
from comparisons import freshness
from comparisons.models import CatalogueVersion, LanguageModel
from tests.hostile import Asked

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
KEPT = ["/", SEED, "/leaderboard/", "/leaderboard/coding/", "/models/", "/models/gpt-4-1/", "/benchmarks/gpqa/"]
KEPT += [
    "/pricing/",
    "/shortlist/",
    "/methodology/",
    "/changes/",
    "/changes.atom",
    "/data/",
    "/data/scores.csv",
    "/privacy/",
]


def queries(client: Client, path: str, **headers) -> tuple[HttpResponse, list[str]]:
    """The answer, and the questions to the database beside the one for the version."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(path, headers=headers)
    return response, [each["sql"] for each in asked if "catalogueversion" not in each["sql"]]


# --- what is kept ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", KEPT)
def test_second_visitor_gets_the_finished_page_without_a_query(site, path):
    first, second = site.get(path), queries(Client(), path)
    assert second[1] == []
    assert (second[0].status_code, second[0].content, second[0].headers) == (200, first.content, first.headers)
    tag = first.headers["ETag"]
    unchanged, asked = queries(Client(), path, **{"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content, asked) == (304, b"", [])


@pytest.mark.parametrize("path", [SEED, "/leaderboard/", f"{SEED}?w=coding:3", "/search/?q=gpt"])
def test_known_page_is_not_made_to_be_found_unchanged(site, path):
    tag = site.get(path).headers["ETag"]
    memory.clear()
    response, asked = queries(site, path, **{"If-None-Match": tag})
    assert (response.status_code, asked) == (304, [])
    assert {name: response.headers[name] for name in ("ETag", "Vary", "Cache-Control")} == {
        "ETag": tag,
        "Vary": "Accept-Encoding, HX-Request",
        "Cache-Control": "public, max-age=0, must-revalidate, s-maxage=60",
    }


def test_validator_names_address_form_and_version(site):
    asked = [(SEED, {}), (SEED, {"HX-Request": "true"}), (f"{SEED}?flip=1", {}), ("/models/gpt-4-1/", {}), ("/", {})]
    tags = [site.get(path, headers=headers).headers["ETag"] for path, headers in asked]
    LanguageModel.objects.filter(slug="gpt-4-1").update(licence="Other")
    tags += [site.get(path, headers=headers).headers["ETag"] for path, headers in asked]
    assert len(set(tags)) == 10


def test_codings_hold_the_same_page(site):
    plain, zipped, small = (site.get(SEED, headers={"Accept-Encoding": name}) for name in ("identity", "gzip", "br"))
    assert [each.headers.get("Content-Encoding") for each in (plain, zipped, small)] == [None, "gzip", "br"]
    assert gzip.decompress(zipped.content) == brotli.decompress(small.content) == plain.content
    assert [int(each.headers["Content-Length"]) for each in (plain, zipped, small)] == [
        len(each.content) for each in (plain, zipped, small)
    ]
    assert len({each.headers["ETag"] for each in (plain, zipped, small)}) == 1
    assert len(small.content) < len(zipped.content) < 14_336


def test_brotli_is_dense_for_whoever_asks_again(site):
    first, second, third = (site.get(SEED, headers={"Accept-Encoding": "br"}) for _ in range(3))
    assert len(third.content) == len(second.content) < 0.93 * len(first.content)
    assert len({brotli.decompress(each.content) for each in (first, second, third)}) == 1
    assert {int(each.headers["Content-Length"]) for each in (second, third)} == {len(second.content)}


def test_brotli_of_a_large_page_stays_quick(site, monkeypatch):
    monkeypatch.setattr(pagestore, "LARGEST_DENSE", 5_000)
    first, second = (site.get(SEED, headers={"Accept-Encoding": "br"}) for _ in range(2))
    assert first.content == second.content


def test_fragment_is_free_of_the_templates_indentation(site):
    whole, part = (site.get(SEED, headers=headers).content.decode() for headers in ({}, {"HX-Request": "true"}))
    assert "\n " not in part
    start, end = whole.index('<div id="comparison">'), whole.index("</article>")
    assert re.sub(r"\s+", " ", whole[start:end]) == re.sub(
        r"\s+", " ", part[part.index('<div id="comparison">') : part.index("</article>")]
    )


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br;q=0.1", "br"),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("gzip;q=0", ""),
        ("gzip;q=nan", ""),
        ("gzip;q=x", ""),
        ("x-gzip", ""),
        (",;,=", ""),
    ],
)
def test_coding_is_one_that_the_client_takes(accepted, coding):
    assert chosen_coding(accepted) == coding


def test_head_has_the_length_and_no_body(site):
    for _ in "built", "kept":
        head, got = (getattr(site, method)(SEED, headers={"Accept-Encoding": "gzip"}) for method in ("head", "get"))
        assert (head.status_code, head.content, head.headers) == (200, b"", got.headers)


def test_head_builds_the_page_that_get_gets(site):
    site.head(SEED)
    response, asked = queries(site, SEED)
    assert (response.content[:15], asked) == (b"<!DOCTYPE html>", [])


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("", ""),
        ("utm_source=x&fbclid=y", ""),
        ("show=shared&flip=1", "show=shared&flip=1"),
        ("flip=1&utm_source=x&show=shared", "show=shared&flip=1"),
        ("show=nonsense&rows=diff", "rows=diff"),
        ("show=gap&show=shared", "show=shared"),
        ("w=coding:3", None),
        ("w_coding=3", None),
        ("calls=10", None),
        ("as_of=2026-11-01", None),
        ("since=2026-11-01", None),
        ("preview=x", None),
        ("sort=-score", None),
    ],
)
def test_kept_query_holds_what_the_page_reads(asked, kept):
    assert kept_query(QueryDict(asked), pagestore.COMPARISON) == kept


def test_unknown_parameters_are_one_page_with_the_bare_address(site):
    bare = site.get(SEED)
    for query in ("utm_source=x", "fbclid=1&gclid=2", "show=nonsense", "x=" + "y" * 3_000):
        response, asked = queries(site, f"{SEED}?{query}")
        assert (response.content, response.headers["ETag"], asked) == (bare.content, bare.headers["ETag"], [])
    assert len(memory.pages) == 1


def test_redirect_keeps_the_whole_query(site):
    response = site.get("/compare/gpt-4-1-vs-gemma-4-31b/?utm_source=x&show=shared")
    assert (response.status_code, response.headers["Location"]) == (301, f"{SEED}?utm_source=x&show=shared")


@pytest.mark.parametrize("query", ["w=coding:3", "calls=10&in=1000", "w_coding=3", "as_of=2026-11-01"])
def test_states_of_one_reader_are_rendered_live(site, query):
    assert site.get(f"{SEED}?{query}").status_code == 200
    assert len(memory.pages) == 0


@pytest.mark.parametrize("path", ["/search/?q=gpt", "/compare/", "/models/options/?q=gpt", "/healthz/", "/newsletter/"])
def test_other_pages_are_not_kept(site, path):
    site.get(path)
    assert len(memory.pages) == 0


@pytest.mark.parametrize("path", ["/models/nobody/", "/compare/a-vs-b/", "/models/gpt-4-1", "/models/GPT-4-1/"])
def test_only_pages_that_are_there_are_kept(site, path):
    assert site.get(path).status_code in (301, 404)
    assert len(memory.pages) == 0


PUBLIC = {"Cache-Control": "public, max-age=0", "ETag": '"x"', "Vary": "HX-Request"}


@pytest.mark.parametrize(
    ("response", "is_kept"),
    [
        (HttpResponse(b"x", headers=PUBLIC), True),
        (HttpResponse(b"x", status=404, headers=PUBLIC), False),
        (HttpResponse(b"x", headers=PUBLIC | {"Cache-Control": "no-store"}), False),
        (HttpResponse(b"x", headers=PUBLIC | {"Cache-Control": "private"}), False),
        (HttpResponse(b"x", headers=PUBLIC | {"Vary": "Cookie"}), False),
        (HttpResponse(b"x", headers=PUBLIC | {"Vary": "*"}), False),
        (HttpResponse(b"x", headers={"ETag": '"x"'}), False),
        (HttpResponse(b"x", headers={"Cache-Control": "public"}), False),
        (HttpResponse(b"x", headers=PUBLIC | {"Content-Encoding": "gzip"}), False),
        (StreamingHttpResponse([b"x"], headers=PUBLIC), False),
    ],
)
def test_answer_for_one_visitor_is_never_kept(response, is_kept):
    assert (finished(response) is not None) is is_kept


def test_answer_with_a_cookie_is_never_kept():
    response = HttpResponse(b"x", headers=PUBLIC)
    response.set_cookie("a", "b")
    assert finished(response) is None


# --- freshness ------------------------------------------------------------------------------------------------------
def test_edit_shows_at_once_in_a_kept_page(site):
    before = site.get("/models/gpt-4-1/")
    LanguageModel.objects.filter(slug="gpt-4-1").update(licence="A licence of its own")
    after = site.get("/models/gpt-4-1/", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, b"A licence of its own" in before.content, b"A licence of its own" in after.content) == (
        200,
        False,
        True,
    )


# --- in front of Django ---------------------------------------------------------------------------------------------
@pytest.fixture
def door(site, monkeypatch):
    """Ask the application in front: what it said, and how often it asked the one behind it."""
    monkeypatch.setattr(freshness, "known_now", CatalogueVersion.stamp)
    behind = []

    def django(environ, start_response):
        behind.append(environ["PATH_INFO"])
        start_response("418 I'm a Teapot", [])
        return [b"behind"]

    def ask(path: str, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes, int]:
        said = []
        environ = RequestFactory().generic(method, path, headers=headers).environ
        body = b"".join(pagestore.in_front(django)(environ, lambda *given: said.append(given)))
        return said[0][0], dict(said[0][1]), body, len(behind)

    return ask


@pytest.mark.parametrize("path", [*KEPT, f"{SEED}?show=shared&utm_source=x"])
@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}, {"HX-Request": "true"}])
def test_kept_page_is_answered_in_front_as_behind(site, door, path, headers):
    assert door(path, **headers) == ("418 I'm a Teapot", {}, b"behind", 1)  # nobody has asked yet
    wanted = site.get(path, headers=headers)
    status, given, body, behind = door(path, **headers)
    assert (status, given, body, behind) == ("200 OK", dict(wanted.headers), wanted.content, 1)
    assert door(path, "HEAD", **headers) == ("200 OK", given, b"", 1)
    headers |= {"If-None-Match": wanted.headers["ETag"]}
    unchanged = site.get(path, headers=headers)
    assert door(path, **headers) == ("304 Not Modified", dict(unchanged.headers), b"", 1)


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        (SEED, "POST", {}),
        (SEED, "OPTIONS", {}),
        (SEED, "GET", {"Host": "evil.test"}),
        (SEED, "GET", {"HX-Request": "true", "HX-History-Restore-Request": "true"}),
        (f"{SEED}?w=coding:3", "GET", {}),
        ("/compare/gpt-4-1-vs-gemma-4-31b/", "GET", {}),
        (f"/models/{'x' * 500}/", "GET", {}),
        ("/models/%FF/", "GET", {}),
        ("/admin/", "GET", {}),
        ("/nowhere/", "GET", {}),
    ],
)
def test_all_else_is_left_to_django(site, door, path, method, headers):
    site.get(SEED)
    assert door(path, method, **headers)[0] == "418 I'm a Teapot"


@pytest.mark.parametrize(
    "path",
    [
        "/models/日本/",
        "/models/é/",
        "/compare/a–vs-b/",
        "/models/gpt‑4/",
        "/models/\x80/",
        SEED,
        "/models/gpt-4-1/?q=é",
    ],
)
def test_what_is_left_to_django_reaches_it_as_it_came(site, monkeypatch, path):
    """Servers hand over bytes as Latin-1 (PEP 3333), and Django decodes them in place."""
    monkeypatch.setattr(freshness, "known_now", CatalogueVersion.stamp)
    path, _, query = path.encode().decode("latin-1").partition("?")
    asked = Asked("GET", "", query, {"PATH_INFO": path, "SCRIPT_NAME": "é".encode().decode("latin-1")}).environ()
    seen = []
    pagestore.in_front(lambda environ, _: seen.append(dict(environ)) or [b""])(asked, None)
    assert seen == [asked | {"PATH_INFO": path}]


def test_plain_http_is_sent_to_https_by_django(site, door, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    proxied = {"X-Forwarded-Proto": "https"}
    site.get("/privacy/", headers=proxied)
    assert [door("/privacy/", **headers)[0] for headers in ({}, proxied)] == ["418 I'm a Teapot", "200 OK"]


def test_edit_is_never_hidden_by_the_page_in_front(site, door):
    site.get("/models/gpt-4-1/")
    assert door("/models/gpt-4-1/")[0] == "200 OK"
    LanguageModel.objects.filter(slug="gpt-4-1").update(licence="A licence of its own")
    assert door("/models/gpt-4-1/")[0] == "418 I'm a Teapot"


def test_site_is_served_with_its_kept_pages_in_front(monkeypatch):
    monkeypatch.setattr(pagestore, "kept_reply", lambda environ: Reply(200, [], b"kept"))
    assert wsgi.application({}, lambda *said: None) == [b"kept"]


def test_version_that_is_not_known_now_is_for_django_to_ask(site, door, monkeypatch):
    site.get(SEED)
    monkeypatch.setattr(freshness, "known_now", lambda: None)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert door(SEED)[0] == "418 I'm a Teapot"
    assert len(asked) == 0


def test_store_of_no_size_leaves_all_to_django(site, door, monkeypatch):
    site.get(SEED)
    monkeypatch.setattr(memory, "most", 0)
    assert door(SEED)[0] == "418 I'm a Teapot"


# --- no visitor colours the page of another -------------------------------------------------------------------------
FORGED = {
    "Host": "127.0.0.1",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.77",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "X-HTTP-Method-Override": "DELETE",
    "Forwarded": "host=evil.test",
    "HX-Current-URL": "https://evil.test/",
    "HX-Target": "evil",
    "HX-Trigger": "evil",
    "HX-Trigger-Name": "evil",
    "HX-Prompt": "evil",
    "HX-Boosted": "true",
    "Accept-Language": "evil",
    "Accept": "application/evil",
    "User-Agent": "evil",
    "Referer": "https://evil.test/",
    "Origin": "https://evil.test",
    "Cookie": "sessionid=evil; csrftoken=evil; messages=evil",
    "Authorization": "Basic ZXZpbDpldmls",
    "Range": "bytes=0-3",
    "If-Modified-Since": "Thu, 01 Jan 2032 00:00:00 GMT",
    "If-None-Match": '"evil"',
    "Accept-Encoding": "evil;q=1, gzip;q=0, br;q=0",
}


@pytest.mark.parametrize("path", ["/", SEED, "/leaderboard/"])
def test_forged_headers_reach_no_other_visitor(site, path):
    wanted = site.get(path)
    memory.clear()
    Client().get(path, headers=FORGED)
    for name in FORGED:
        Client().get(path, headers={name: FORGED[name]})
    response = Client().get(path)
    assert (response.status_code, response.content, response.headers) == (200, wanted.content, wanted.headers)
    assert b"evil" not in response.content


@pytest.mark.parametrize("path", KEPT)
def test_fragment_and_page_never_stand_in_for_each_other(site, path):
    whole = site.get(path).content
    memory.clear()
    fragment = site.get(path, headers={"HX-Request": "true"}).content
    restored = site.get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert site.get(path).content == whole == restored.content
    assert site.get(path, headers={"HX-Request": "true"}).content == fragment
    assert site.get(path, headers={"HX-Request": "True"}).content == whole
    assert restored.headers["Cache-Control"] == "no-store"


def test_foreign_host_is_refused_whatever_is_kept(site):
    site.get(SEED)
    response = site.get(SEED, headers={"Host": "evil.test"})
    assert (response.status_code, response.headers["X-Frame-Options"]) == (400, "DENY")


def test_plain_http_never_gets_what_was_kept_for_https(site, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    kept = site.get(SEED, secure=True)
    assert (kept.status_code, kept.headers["Strict-Transport-Security"]) == (200, "max-age=60")
    assert site.get(SEED).status_code == 301


@pytest.mark.parametrize(
    ("tags", "is_match"),
    [
        ('W/"a"', True),
        ('"a"', True),
        ("*", True),
        ('"b", W/"a"', True),
        ('"b"', False),
        ("", False),
        ("a", False),
        ('"a', False),
        ('"' + "b" * 9_000 + '", "a"', False),
    ],
)
def test_validator_is_compared_weakly(tags, is_match):
    assert is_current(tags, 'W/"a"') is is_match


# --- bounds ---------------------------------------------------------------------------------------------------------
def key(number: int) -> Key:
    return Key("1", "2026-11-25", f"/{number}/", "", False, False)


def test_memory_drops_the_least_recently_used_and_never_exceeds_its_bytes():
    page = Page((), 'W/"x"', {"": b"x" * 8_000})
    held = Memory(most=5 * page.size)
    for number in range(5):
        held.put(key(number), page)
    held.get(key(0))
    held.put(key(5), page)
    held.put(key(5), page)
    assert [int(each.path.strip("/")) for each in held.pages] == [2, 3, 4, 0, 5]
    assert held.held == 5 * page.size
    held.put(key(6), Page((), 'W/"x"', {"": b"x" * 99_000}))
    assert (list(held.pages), held.held) == ([], 0)


def test_one_thread_builds_and_the_others_take_it():
    begun, go_on, calls, got = threading.Event(), threading.Event(), [], []

    def build() -> HttpResponse:
        calls.append(1)
        begun.set()
        go_on.wait(5)
        return HttpResponse(b"x", headers=PUBLIC)

    threads = [threading.Thread(target=lambda: got.append(built(key(1), build))) for _ in range(6)]
    threads[0].start()
    begun.wait(5)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert (len(calls), {page.bodies[""] for page in got}) == (1, {b"x"})


def test_nobody_waits_for_a_dead_builder(monkeypatch):
    monkeypatch.setattr(pagestore, "WAIT_SECONDS", 0.01)
    monkeypatch.setitem(pagestore._building, key(2), threading.Event())
    assert built(key(2), lambda: HttpResponse(b"x", headers=PUBLIC)).bodies == {"": b"x"}


def test_builder_that_fails_leaves_the_place_free():
    def fail() -> HttpResponse:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        built(key(3), fail)
    assert built(key(3), lambda: HttpResponse(b"x", headers=PUBLIC)).bodies == {"": b"x"}
    assert pagestore._building == {}


def test_long_and_odd_addresses_leave_nothing_behind(site):
    odd = (
        "/compare/" + "a" * 5_000 + "/",
        "/models/%00/",
        "/models/%ED%A0%80/",
        "/leaderboard/%FF/",
        "/models/τ²/",
        "/models/%E2%80%AE/",
    )
    for path in odd:
        assert site.get(path).status_code == 404
    assert len(memory.pages) == 0


def test_store_of_no_size_keeps_nothing(site, monkeypatch):
    monkeypatch.setattr(memory, "most", 0)
    assert [site.get(SEED).status_code for _ in range(2)] == [200, 200]
    assert len(memory.pages) == 0


# --- several machines -----------------------------------------------------------------------------------------------
@pytest.fixture
def shared_cache(settings, monkeypatch):
    settings.HAS_SHARED_CACHE = True
    monkeypatch.setattr(pagestore, "_rest_until", 0.0)
    monkeypatch.setattr(pagestore, "SHARED_REST", 3_600.0)
    pagestore.cache.clear()
    yield
    pagestore.cache.clear()


def test_other_machine_finds_the_page_in_the_shared_cache(site, shared_cache):
    first = site.get(SEED)
    memory.clear()  # another machine has a memory of its own
    second, asked = queries(site, SEED)
    assert (second.content, second.headers, asked) == (first.content, first.headers, [])


def test_page_of_another_release_is_not_found_in_the_shared_cache(settings):
    names = set()
    for settings.RELEASE in ("one", "two"):
        names.add(pagestore.name_of(key(1)))
    assert len(names) == 2


def test_shared_cache_that_is_away_is_left_alone_for_a_while(site, settings, monkeypatch, caplog):
    settings.HAS_SHARED_CACHE = True
    monkeypatch.setattr(pagestore, "_rest_until", 0.0)
    monkeypatch.setattr(pagestore, "SHARED_REST", 3_600.0)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert [site.get(path).status_code for path in (SEED, "/", "/models/")] == [200, 200, 200]
    assert [record.levelname for record in caplog.records if record.name == "benchlm.pagestore"] == ["WARNING"]


def test_request_for_building_carries_nothing_of_the_visitor():
    asked = RequestFactory().get("/", headers=FORGED, REMOTE_ADDR="198.51.100.77")
    made = pagestore.clean(asked, key(1))
    assert {name: made.META[name] for name in made.META if name.startswith(("HTTP_", "REMOTE"))} == {
        "HTTP_HOST": "127.0.0.1"
    }
