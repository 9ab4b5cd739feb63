"""The queues and the merging of models as pages of the admin. What changes anything is a POST."""

import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from comparisons import curation, merging, queues
from comparisons.admin_base import refitted
from comparisons.models import LanguageModel, Score, ScoreReport, Status

A_PAGE = 25
LABELS = {
    "checked": "Checked today",
    "withdraw": "Withdraw",
    "done": "Corrected",
    "dismiss": "Nothing wrong",
    "settle": "Right as it is",
}
MERGING_NEEDS = ("publish_languagemodel", "publish_score", "publish_offer")


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path("queues/<slug:slug>/", site.admin_view(queue_page), name="queue"),
        path("merge/<int:one>/<int:other>/", site.admin_view(merge_page), name="merge"),
    ]


def has_rights(request: HttpRequest, *rights: str) -> bool:
    return all(request.user.has_perm(f"comparisons.{right}") for right in rights)


def may_see(request: HttpRequest, queue: queues.Queue) -> bool:
    return has_rights(request, f"view_{queue.table}") or has_rights(request, f"change_{queue.table}")


def may(request: HttpRequest, action: str, queue: queues.Queue, part: queues.Part | None) -> bool:
    """Whether the curator may do this to a part of a finding, or to the whole of it."""
    if part is not None:
        table = type(part.row)._meta.model_name
        right = "change" if action == "correct" else "publish"
        return has_rights(request, f"{right}_{table}")
    if queue.table == "scorereport":
        return has_rights(request, "change_scorereport")
    return has_rights(request, f"publish_{'languagemodel' if queue.table == 'featuredpair' else queue.table}")


def waiting(request: HttpRequest, today: datetime.date) -> list[tuple[str, int, str]]:
    """(title, count, address) of the queues that the curator may see."""
    return [
        (queue.title, queue.count(today), reverse("admin:queue", args=[queue.slug]))
        for queue in queues.QUEUES
        if may_see(request, queue)
    ]


# --- a queue --------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def queue_page(request: HttpRequest, slug: str) -> HttpResponse:
    queue = queues.BY_SLUG.get(slug)
    if queue is None:
        raise Http404(slug)
    if not may_see(request, queue):
        raise PermissionDenied
    if request.method == "POST":
        act(request, queue)
        return refitted(request, HttpResponseRedirect(request.get_full_path()))
    page = Paginator(queue.waiting(timezone.localdate()), A_PAGE).get_page(request.GET.get("p"))
    context = admin.site.each_context(request) | {
        "title": queue.title,
        "queue": queue,
        "page": page,
        "findings": [shown(request, queue, finding) for finding in queue.findings(list(page.object_list))],
    }
    return TemplateResponse(request, "admin/queue.html", context)


def shown(request: HttpRequest, queue: queues.Queue, finding: queues.Finding) -> dict:
    """A finding with the buttons and links that this curator has."""
    parts = [
        {
            "said": part.said,
            "source": part.source,
            "address": form_address(part.row),
            "corrects": "correct" in part.actions and may(request, "correct", queue, part),
            "buttons": buttons(request, queue, finding, part),
        }
        for part in finding.parts
    ]
    links = [
        (text, href if href.startswith("https:") else reverse("admin:index") + href) for text, href in finding.links
    ]
    return {
        "subject": finding.subject,
        "said": finding.said,
        "parts": parts,
        "links": links,
        "buttons": buttons(request, queue, finding, None),
    }


def buttons(
    request: HttpRequest, queue: queues.Queue, finding: queues.Finding, part: queues.Part | None
) -> list[tuple[str, str]]:
    """(value, label) of each."""
    actions, pk = (part.actions, part.row.pk) if part else (finding.actions, "")
    labels = LABELS | {"settle": queue.settled}
    return [
        (f"{action}|{pk}|{finding.key}", labels[action])
        for action in actions
        if action in labels and may(request, action, queue, part)
    ]


def form_address(row) -> str:
    return reverse(f"admin:comparisons_{row._meta.model_name}_change", args=[row.pk])


def act(request: HttpRequest, queue: queues.Queue) -> None:
    """Do what one button says, to a row that still waits in the queue."""
    action, _, rest = request.POST.get("do", "").partition("|")
    pk, _, key = rest.partition("|")
    reason = request.POST.get("reason", "").strip()[:240]
    with transaction.atomic():
        finding = queue.named(key, timezone.localdate())
        part = next((part for part in finding.parts if str(part.row.pk) == pk), None) if finding and pk else None
        if finding is None or action not in (part.actions if part else () if pk else finding.actions):
            messages.warning(request, "Nothing was done: this does not wait here any more.")
            return
        if not may(request, action, queue, part):
            raise PermissionDenied
        done = do(action, queue, finding, part, reason)
    if done:
        messages.success(request, done)
    else:
        messages.warning(request, f"{finding.subject}: someone else was quicker, or it stands so already.")


def do(action: str, queue: queues.Queue, finding: queues.Finding, part: queues.Part | None, reason: str) -> str:
    """The sentence on what was done; empty where it was done already."""
    match action:
        case "checked":
            done = curation.mark_checked(Score.objects.filter(pk=part.row.pk)).done
            return f"{finding.subject}: checked today." if done else ""
        case "withdraw":
            rows = type(part.row).objects.filter(pk=part.row.pk)
            outcome = curation.set_status(rows, Status.WITHDRAWN, reason or f"Withdrawn: {queue.title.lower()}")
            return f"{finding.subject}: withdrawn." if outcome.done else ""
        case "settle":
            return f"{finding.subject}: {queue.settled.lower()}." if queues.settle(queue, finding) else ""
    state = {"done": ScoreReport.State.DONE, "dismiss": ScoreReport.State.DISMISSED}[action]
    return (
        f"{finding.subject}: report closed, {state.label.lower()}."
        if queues.answer(int(finding.key), state, reason)
        else ""
    )


# --- merging --------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: HttpRequest, one: int, other: int) -> HttpResponse:
    """What merging the first model into the second moves and what clashes; then the merging."""
    if not has_rights(request, *MERGING_NEEDS):
        raise PermissionDenied
    duplicate, kept = (get_object_or_404(LanguageModel, pk=pk) for pk in (one, other))
    if request.method == "POST":
        try:
            merging.merge(duplicate, kept, request.POST.get("reason", "").strip()[:200])
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(request.path)
        messages.success(request, f"{duplicate} is now {kept}: its address leads there.")
        return refitted(request, HttpResponseRedirect(reverse("admin:queue", args=["duplicates"])))
    context = admin.site.each_context(request) | {
        "title": f"Merge {duplicate} into {kept}",
        "plan": merging.plan(duplicate, kept),
        "other_way": reverse("admin:merge", args=[other, one]),
        "addresses": [(form_address(model), model) for model in (duplicate, kept)],
    }
    return TemplateResponse(request, "admin/merge.html", context)
