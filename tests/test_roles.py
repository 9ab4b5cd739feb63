"""The roles of curators: what a contributor, an editor and an administrator may do, and what nobody may."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from comparisons.accounts import ensure_roles
from comparisons.models import Benchmark, Category, Change, Creator, LanguageModel, ModelAlias, Offer, Score
from tests.test_admin import SOURCE, a_score, act, catalogue, entries, faults, save, signed_in, told, url  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def member(role: str) -> Client:
    ensure_roles()
    user = User.objects.create_user(role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


@pytest.fixture
def contributor() -> Client:
    return member("Contributor")


@pytest.fixture
def editor() -> Client:
    return member("Editor")


def rights(role: str, *tables: str) -> set[str]:
    found = Permission.objects.filter(group__name=role, content_type__model__in=tables)
    return set(found.values_list("codename", flat=True))


def test_migrate_makes_the_roles_and_keeps_what_was_added_by_hand():
    Group.objects.all().delete()
    call_command("migrate", verbosity=0, stdout=StringIO())
    own = Permission.objects.get(codename="view_subscriber")
    Group.objects.get(name="Editor").permissions.add(own)
    call_command("migrate", verbosity=0, stdout=StringIO())
    assert set(Group.objects.values_list("name", flat=True)) == {"Contributor", "Editor", "Administrator"}
    assert rights("Contributor", "score", "benchmark", "subscriber", "user") == {
        "add_score",
        "change_score",
        "view_score",
        "view_benchmark",
    }
    assert "publish_score" in rights("Editor", "score")
    assert rights("Editor", "subscriber", "user", "historicalscore") == {"view_subscriber"}
    assert "change_user" in rights("Administrator", "user")
    assert "view_subscriber" in rights("Administrator", "subscriber")


# --- contributors ---------------------------------------------------------------------------------------------------
def test_contributor_writes_drafts(contributor):
    creator, quiz = Creator.objects.get(), Benchmark.objects.get()
    assert save(contributor, url(LanguageModel, "add"), name="Delta", creator=creator.pk).status_code == 302
    delta = LanguageModel.objects.get(slug="delta")
    row = {"benchmark": quiz.pk, "value": "60", "source_kind": "vendor", "source_url": SOURCE}
    rows = {f"scores__0__{name}": value for name, value in row.items()}
    page = url(LanguageModel, "change", delta.pk)
    assert save(contributor, page, family="d", scores__TOTAL_FORMS=1, **rows).status_code == 302
    alpha = LanguageModel.objects.get(slug="alpha")
    assert save(contributor, url(Score, "add"), model=alpha.pk, setting="new", **row).status_code == 302
    offer = {"model": alpha.pk, "host": "Other", "input": 1, "source_url": SOURCE}
    assert save(contributor, url(Offer, "add"), **offer).status_code == 302
    made = [delta, delta.scores.get(), Score.objects.get(setting="new"), Offer.objects.get(host="Other")]
    assert [row.status for row in made] == ["draft"] * 4
    assert save(contributor, url(Score, "change", made[2].pk), value="61").status_code == 302
    assert Change.objects.count() == 0


def test_contributor_cannot_publish(contributor):
    gamma, draft = LanguageModel.objects.get(slug="gamma"), a_score(setting="x", status="draft")
    for row in (gamma, draft):
        page = contributor.get(url(type(row), "change", row.pk)).content.decode()
        assert ('name="status"' in page, 'value="publish"' in contributor.get(url(type(row))).content.decode()) == (
            False,
            False,
        )
        save(contributor, url(type(row), "change", row.pk), status="published")
        assert told(act(contributor, type(row), "publish", [row])) in ([], ["No action selected."])
        row.refresh_from_db()
        assert row.status == "draft"
    rows = {"scores__TOTAL_FORMS": 1, "scores__0__benchmark": Benchmark.objects.get().pk, "scores__0__value": 1}
    rows |= {"scores__0__source_kind": "vendor", "scores__0__source_url": SOURCE, "scores__0__status": "published"}
    save(contributor, url(LanguageModel, "change", gamma.pk), **rows)
    assert gamma.scores.get().status == "draft"


def test_contributor_reads_what_is_public_and_changes_nothing_of_it(contributor):
    rows = [table.objects.first() for table in (Score, Offer, ModelAlias, Creator, Category, Benchmark)]
    rows.append(LanguageModel.objects.get(slug="alpha"))
    answers = {}
    for row in rows:
        address = url(type(row), "change", row.pk)
        page = contributor.get(address)
        answers[str(row)] = (page.status_code, 'name="_save"' in page.content.decode())
        assert contributor.post(address, entries(page)).status_code == 403
        assert contributor.post(url(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403
    assert set(answers.values()) == {(200, False)}


def test_contributor_cannot_make_something_public_by_a_detour(contributor):
    """An alias of a published model, and a published score of a draft model that is moved to a published one."""
    alpha, gamma = (LanguageModel.objects.get(slug=slug) for slug in ("alpha", "gamma"))
    said = "This would be public at once, and you may save drafts only: ask an editor."
    assert faults(save(contributor, url(ModelAlias, "add"), model=alpha.pk, text="Other")) == [said]
    row = a_score(model=gamma, setting="x")
    assert faults(save(contributor, url(Score, "change", row.pk), model=alpha.pk)) == [said]
    assert save(contributor, url(ModelAlias, "add"), model=gamma.pk, text="Gam").status_code == 302
    row.refresh_from_db()
    assert (row.model, ModelAlias.objects.filter(text="Other").exists()) == (gamma, False)


def test_contributor_cannot_bring_an_earlier_public_state_back(contributor, editor):
    score = Score.objects.get()
    record = score.history.get()
    earlier = url(Score, "simple_history", score.pk, record.pk)
    assert contributor.post(earlier, {"value": "1"}).status_code == 403
    act(editor, Score, "set_to_draft", [score])
    page = contributor.get(earlier)
    sent = {bound.html_name: str(bound.value() or "") for bound in page.context["adminform"].form}
    page = contributor.post(earlier, sent | {"setting": "changed"})
    score.refresh_from_db()
    assert (page.status_code, score.status, score.setting) == (200, "draft", "")


# --- editors --------------------------------------------------------------------------------------------------------
def test_editor_publishes_and_never_meets_a_subscriber(editor):
    gamma = LanguageModel.objects.get(slug="gamma")
    act(editor, LanguageModel, "publish", [gamma])
    gamma.refresh_from_db()
    assert gamma.status == "published"
    assert save(editor, url(Category, "change", Category.objects.get().pk), name="Programming").status_code == 302
    pages = {
        "list": editor.get(reverse("admin:newsletter_subscriber_changelist")),
        "sifted": editor.get(reverse("admin:newsletter_subscriber_changelist") + "?email__contains=a"),
        "row": editor.get(reverse("admin:newsletter_subscriber_change", args=[1])),
        "history": editor.get(reverse("admin:newsletter_subscriber_history", args=[1])),
        "app": editor.get(reverse("admin:app_list", args=["newsletter"])),
        "users": editor.get(reverse("admin:auth_user_changelist")),
        "suggested": editor.get(
            reverse("admin:autocomplete"),
            {"app_label": "newsletter", "model_name": "delivery", "field_name": "subscriber", "term": "a"},
        ),
    }
    assert {name: page.status_code for name, page in pages.items()} == {
        "list": 403,
        "sifted": 403,
        "row": 403,
        "history": 403,
        "app": 404,
        "users": 403,
        "suggested": 403,
    }


# --- history --------------------------------------------------------------------------------------------------------
def test_history_is_edited_and_deleted_by_nobody():
    boss = signed_in(User.objects.create_superuser("boss"))
    score = Score.objects.get()
    record = score.history.get()
    earlier = url(Score, "simple_history", score.pk, record.pk)
    sent = {bound.html_name: str(bound.value() or "") for bound in boss.get(earlier).context["adminform"].form}
    boss.post(earlier, sent | {"value": "1", "_change_history": "yes"})
    record.refresh_from_db()
    assert (str(record.value), Score.history.count()) == ("71.2000", 2)
    table = f"{reverse('admin:index')}comparisons/historicalscore/"
    assert [
        boss.get(f"{table}{page}").status_code for page in ("", f"{record.pk}/change/", f"{record.pk}/delete/")
    ] == [
        404,
        404,
        404,
    ]
    assert boss.post(url(Score, "history", score.pk), {"action": "delete_selected"}).status_code in (200, 403, 405)
    assert Score.history.count() == 2
