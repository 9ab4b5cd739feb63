"""How data come into the admin: paste a table, upload files, look at the difference, store it; and take a whole batch back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from comparisons import curation, estimates, foresight
from comparisons.admin_base import ReadOnlyAdmin
from comparisons.admin_paste_forms import NameForm, PasteForm, UploadForm, choices_of
from comparisons.importing import names, pasting, prices, results, scores, uploads
from comparisons.importing.batches import undo, written_rows
from comparisons.importing.reading import Fault, Sheet, UnreadableError
from comparisons.importing.scores import Difference
from comparisons.importing.writing import Report, import_sheets, one_at_a_time
from comparisons.models import Batch, Status, UnmatchedName

SHOWN = 200  # rows of each outcome on a page
PER_PAGE = 100  # rows of a batch
SEEN_ELSE = "What is stored has changed since you looked, or the table was edited: look again, then store."
FORESEE, SAVING = "foresee", (Status.PUBLISHED, Status.DRAFT)  # the buttons of a difference
LATER = "The estimated scores follow with the next fit, within a day."


@dataclass
class Desk:
    """A table or some files beside what is stored, on their way in."""

    title: str = ""
    right: str = "batch"  # the table whose rights are asked
    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # why nothing can be compared
    found: Difference | None = None
    report: Report | None = None
    described: list[Fault] = field(default_factory=list)  # rows that a file describes and that are refused
    queues: bool = False  # unknown names wait in the queue instead of being asked about
    sheets: dict[str, Sheet] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        return (self.found.counts.get("refused", 0) if self.found else 0) + len(self.described)

    @property
    def confirm(self) -> list[Fault]:
        faults = self.found.confirm if self.found else self.report.faults if self.report else ()
        return [fault for fault in faults if fault.confirm]

    @property
    def asks(self) -> set[str]:
        """The options that a person has to agree to."""
        return {fault.confirm for fault in self.confirm}

    @property
    def broken(self) -> list[Fault]:
        return [fault for fault in self.report.faults if not fault.confirm] if self.report else []

    @property
    def writes(self) -> int:
        return self.found.writes if self.found else len(self.report.differences) if self.report else 0

    @property
    def stamp(self) -> str:
        """The same where the same would be stored."""
        if self.found:
            return self.found.stamp
        told = repr([(each.table, each.key, each.cells) for each in self.report.differences]) if self.report else ""
        return hashlib.sha256(told.encode()).hexdigest()[:20]


# --- comparing --------------------------------------------------------------------------------------------------------
def lay_out_paste(form: PasteForm, data: dict, status: str) -> Desk:
    known = {kind: names.known(kind) for kind in ("model", "benchmark")}
    knows = {kind: lambda text, each=each: bool(each.slug(text)) for kind, each in known.items()}
    pasted = pasting.read_paste(form.cleaned_data["text"], knows, form.cleaned_data["across"])
    desk = Desk(said=[pasted.said] if pasted.said else [], faults=pasted.faults)
    if desk.faults:
        return desk
    today, given = timezone.localdate(), form.cells() | {"status": status}
    if pasted.sheet:
        desk.sheets, desk.title = {pasted.sheet.table.name: pasted.sheet}, f"rows of {pasted.sheet.table.file}"
        desk.report = import_sheets(desk.sheets, today=today, dry_run=True, is_whole=False, **flags(form))
        return desk
    options = {"today": today, "choices": choices_of(data), "confirmed": form.confirmed}
    rows = pasted.prices or pasted.scores
    desk.faults = missing(given, [row.cells for row in rows], prices=bool(pasted.prices))
    if desk.faults:
        return desk
    host = given["source_url"].split("/")[2] if given["source_url"] else "several sources"
    if pasted.prices:
        given["effective_on"] = given.pop("reported_on") or today.isoformat()
        desk.title, desk.right = f"{len(rows)} prices from {host}", "offer"
        desk.found = prices.look(rows, known, given, **options)
    else:
        desk.title, desk.right = f"{len(rows)} scores from {host}", "score"
        desk.found = scores.look(rows, known, {name: cell for name, cell in given.items() if cell}, **options)
    return desk


def missing(given: dict[str, str], rows: list[dict], *, prices: bool) -> list[str]:
    """What neither the form nor each row says."""
    asked = [("source_url", "Name the source: the page that shows the figures.")]
    asked += [] if prices else [("source_kind", "Choose the source kind.")]
    return [text for name, text in asked if not given[name] and not all(row.get(name) for row in rows)]


def lay_out_upload(form: UploadForm, files: dict[str, bytes], status: str) -> Desk:
    """Raises UnreadableError."""
    chosen = form.cleaned_data["form"] or uploads.format_of(files)
    if not chosen:
        raise UnreadableError("Upload CSV files, or results, not both at once; other files are not read.")
    today = timezone.localdate()
    if chosen == "catalogue":
        sheets, faults = uploads.catalogue_sheets(files)
        report = import_sheets(sheets, faults, today=today, dry_run=True, **flags(form))
        return Desk(title=", ".join(files)[:160], report=report, sheets=sheets)
    given = form.cells() | {"status": status}
    given["source_kind"] = given["source_kind"] or "independent"
    looked = results.compare(
        files, chosen, given, today=today, is_whole=form.cleaned_data["is_whole"], confirmed=form.confirmed
    )
    reading = looked.reading
    return Desk(
        reading.title, said=reading.said, found=looked.difference, described=looked.faults, queues=True, right="batch"
    )


def flags(form: PasteForm | UploadForm) -> dict[str, bool]:
    return {name: form.cleaned_data[name] for name in ("allow_large_change", "allow_implausible")}


def hindrance(form: PasteForm | UploadForm, desk: Desk) -> str:
    """Why the difference cannot be stored as it stands, in words; empty where it can."""
    if desk.faults or desk.broken:
        return "Nothing was stored: correct what is refused first."
    if desk.found and desk.found.unknown and not desk.queues:
        return f"Nothing was stored: say what {names_of(desk.found)} stand for, or leave them out."
    if desk.refused and not form.cleaned_data["leave_out_refused"]:
        return "Nothing was stored: correct what is refused, or tick that it is left out."
    if desk.confirm:
        return "Nothing was stored: confirm below what looks wrong, or correct it."
    return (
        ""
        if desk.writes or (desk.found and desk.found.unknown)
        else "Nothing to change: all of this is stored already."
    )


def names_of(found: Difference) -> str:
    texts = [f"“{each.text}”" for each in found.unknown[:4]]
    more = len(found.unknown) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


# --- the two pages ------------------------------------------------------------------------------------------------------
def allowed(request: HttpRequest, right: str, status: str) -> bool:
    """Whether the person may store drafts, or public rows, of a table; a batch of anything needs the right to import."""
    user = request.user
    if right == "batch":
        return user.has_perm("comparisons.add_batch")
    has = all(user.has_perm(f"comparisons.{verb}_{right}") for verb in ("add", "change"))
    return has and (status == Status.DRAFT or user.has_perm(f"comparisons.publish_{right}"))


def paste(request: HttpRequest) -> HttpResponse:
    if not any(allowed(request, right, Status.DRAFT) for right in ("score", "offer", "batch")):
        raise PermissionDenied
    form = PasteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page(request, "paste", form, None)
    return step(request, form, "paste", lambda status: lay_out_paste(form, request.POST, status))


def upload(request: HttpRequest) -> HttpResponse:
    if not allowed(request, "batch", Status.DRAFT):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return page(request, "upload", form, None)
    is_sound, carried = form.is_valid(), request.POST.get("carried", "")
    try:
        files = chosen_files(form.cleaned_data.get("files"), carried)
        carried = uploads.carried(files)
        if is_sound:
            return step(request, form, "upload", lambda status: lay_out_upload(form, files, status), carried=carried)
    except UnreadableError as error:
        if "files" not in form.errors:
            form.add_error("files", str(error))
    return page(request, "upload", form, None, carried)


def chosen_files(chosen: list | None, carried: str) -> dict[str, bytes]:
    """The files chosen now, else those that the page carries; raises UnreadableError."""
    if not chosen:
        return uploads.taken_up(carried) if carried else uploads.unpack([])
    for each in chosen:
        if each.size > uploads.LARGEST:
            raise UnreadableError(f"{each.name} has {each.size:,} bytes, {uploads.LARGEST:,} at most.")
    return uploads.unpack((each.name, each.read()) for each in chosen)


def step(
    request: HttpRequest,
    form: PasteForm | UploadForm,
    kind: str,
    lay_out: Callable[[str], Desk],
    *,
    carried: str = "",
) -> HttpResponse:
    """Show the difference, and store it, or foresee what that would change, when what was seen still holds."""
    asked = request.POST.get("step", "")
    status = Status.DRAFT if asked == Status.DRAFT else Status.PUBLISHED
    if asked not in (FORESEE, *SAVING):
        return page(request, kind, form, lay_out(status), carried)
    with transaction.atomic():
        one_at_a_time()
        desk = lay_out(Status.PUBLISHED)
        if desk.stamp != request.POST.get("seen", "") and not desk.faults:
            messages.warning(request, SEEN_ELSE)
            return page(request, kind, form, desk, carried)
        desk = desk if status == Status.PUBLISHED else lay_out(status)
        if not allowed(request, desk.right, status):
            raise PermissionDenied
        if refusal := hindrance(form, desk):
            messages.error(request, refusal)
            return page(request, kind, form, desk, carried)
        if asked == FORESEE:
            found = foresight.foresee(lambda: stored(request, form, desk, kind), timezone.localdate())
            return page(request, kind, form, desk, carried, found)
        batch, refusal = stored(request, form, desk, kind)
    if refusal:
        messages.error(request, f"Nothing was stored: {refusal.reason}")
        return page(request, kind, form, desk, carried)
    tell(request, desk, batch, status)
    if batch.pk is None:
        return HttpResponseRedirect(reverse("admin:comparisons_unmatchedname_changelist"))
    return HttpResponseRedirect(reverse("admin:comparisons_batch_change", args=[batch.pk]))


def stored(request: HttpRequest, form: PasteForm | UploadForm, desk: Desk, kind: str) -> tuple[Batch, Fault | None]:
    """Write the difference under a batch of this person."""
    of = Batch.Kind.PASTE if kind == "paste" else Batch.Kind.IMPORT
    batch = Batch(kind=of, title=desk.title[:160], by=request.user)
    reason = form.cleaned_data["reason"] or desk.title[:200]
    if desk.report:
        options = {"is_whole": kind != "paste", "batch": batch, "reason": form.cleaned_data["reason"] or "import"}
        report = import_sheets(desk.sheets, today=timezone.localdate(), **options, **flags(form))
        return batch, None if report.applied else report.faults[0]
    if desk.queues:
        results.queue_unknown(desk.found, desk.title)
    if not desk.writes:
        return batch, None
    return batch, results.store(desk.found, batch, reason=reason, aliases=aliases(request, desk.found))


def aliases(request: HttpRequest, found: Difference) -> list:
    """The aliases that a person asked to remember, unsaved; one that cannot be is told and left out."""
    made, chosen = [], choices_of(request.POST)
    for kind, table in names.TABLE_OF.items():
        known = names.known(kind)
        model, owner = names.ALIAS_OF[table]
        if not request.user.has_perm(f"comparisons.add_{model._meta.model_name}"):
            continue
        for key in [key for key in chosen if key.startswith(f"{kind}-") and request.POST.get(f"{key}-is_alias")]:
            row = table.objects.filter(slug=known.slug(chosen[key])).first()
            alias = model(**{owner: row}, text=request.POST.get(f"{key}-text", "")[:160].strip())
            try:
                alias.full_clean(exclude=["key"])
            except ValidationError as error:
                messages.warning(request, f"Not remembered: {' '.join(error.messages)}")
                continue
            made.append(alias)
    return made


def tell(request: HttpRequest, desk: Desk, batch: Batch, status: str) -> None:
    noun = {"score": "scores", "offer": "prices"}.get(desk.right, "rows")
    done = "saved as drafts" if status == Status.DRAFT else "published" if desk.right != "batch" else "stored"
    text = f"{batch.created + batch.updated:,} {noun} {done}: {batch.created:,} new, {batch.updated:,} changed"
    if batch.refused:
        text += f"; {batch.refused:,} left out"
    messages.success(request, f"{text}. You can undo this here.")
    if desk.queues and desk.found and desk.found.unknown:
        messages.info(request, f"{len(desk.found.unknown):,} unknown names wait in the list of unmatched names.")
    if not estimates.refit_if_small():
        messages.info(request, LATER)


def page(
    request: HttpRequest,
    kind: str,
    form: PasteForm | UploadForm,
    desk: Desk | None,
    carried: str = "",
    foreseen: foresight.Foresight | None = None,
) -> TemplateResponse:
    name_forms = []
    if desk and desk.found and not desk.queues:
        may = request.user.has_perm("comparisons.add_modelalias")
        data = request.POST if any(name.endswith("-chosen") for name in request.POST) else None
        name_forms = [NameForm(each, may, data) for each in desk.found.unknown]
    context = admin.site.each_context(request) | {
        "title": "Paste a table" if kind == "paste" else "Upload files",
        "kind": kind,
        "form": form,
        "desk": desk,
        "carried": carried,
        "foresight": foreseen,
        "name_forms": name_forms,
        "settled": settled(request, desk),
        "groups": groups(desk),
        "may_publish": bool(desk) and allowed(request, desk.right, Status.PUBLISHED),
        "may_draft": bool(desk) and not desk.report and allowed(request, desk.right, Status.DRAFT),
        "opts": Batch._meta,
    }
    return TemplateResponse(request, "admin/comparisons/batch/intake.html", context)


def settled(request: HttpRequest, desk: Desk | None) -> list[tuple[str, str]]:
    """Fields that say what names stand for and that no form of the page shows again."""
    shown = {each.key for each in desk.found.unknown} if desk and desk.found else set()
    endings = ("-chosen", "-other", "-is_alias", "-text")
    return [
        (name, text)
        for name, text in request.POST.items()
        if name.startswith(("model-", "benchmark-")) and name.endswith(endings) and name.rsplit("-", 1)[0] not in shown
    ]


def groups(desk: Desk | None) -> list[tuple[str, int, list]]:
    """The cells of a difference by outcome: (outcome, how many, the first of them)."""
    if not desk or not desk.found:
        return []
    counts = desk.found.counts
    return [
        (outcome, counts[outcome], [cell for cell in desk.found.cells if cell.outcome == outcome][:SHOWN])
        for outcome in counts
    ]


def export(request: HttpRequest) -> HttpResponse:
    if not allowed(request, "batch", Status.DRAFT):
        raise PermissionDenied
    name = f"benchlm-{timezone.localdate().isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(uploads.export_zip(), content_type="application/zip", headers=headers)


# --- batches ------------------------------------------------------------------------------------------------------------
@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Every paste and import, each of which can be undone as a whole."""

    list_display = ["title", "at", "by", "kind", "created", "updated", "deleted", "unchanged", "refused", "state"]
    list_filter = ["kind"]
    list_select_related = ["by", "undone"]
    search_fields = ["title"]
    date_hierarchy = "at"
    change_list_template = "admin/comparisons/batch/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("paste/", wrap(paste), name="comparisons_batch_paste"),
            path("upload/", wrap(upload), name="comparisons_batch_upload"),
            path("export/", wrap(export), name="comparisons_batch_export"),
            path("<int:key>/undo/", wrap(require_POST(self.undo_view)), name="comparisons_batch_undo"),
            *super().get_urls(),
        ]

    @admin.display(description="state")
    def state(self, row: Batch) -> str:
        return "undone" if hasattr(row, "undone") else ""

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context=None) -> HttpResponse:
        """The rows of a batch, and the button that takes it back."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal()):
            raise Http404
        batch = get_object_or_404(Batch, pk=object_id)
        rows = list(written_rows(batch))
        context = self.admin_site.each_context(request) | {
            "title": str(batch),
            "batch": batch,
            "rows": rows[:PER_PAGE],
            "count": len(rows),
            "later": sum(not row.is_newest for row in rows),
            "undone": getattr(batch, "undone", None),
            "may_undo": request.user.has_perm("comparisons.change_batch"),
            "opts": Batch._meta,
        }
        return TemplateResponse(request, "admin/comparisons/batch/batch.html", context)

    def undo_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not request.user.has_perm("comparisons.change_batch"):
            raise PermissionDenied
        batch = get_object_or_404(Batch, pk=key)
        outcome = undo(batch, request.user)
        done = outcome.restored + outcome.removed + outcome.brought_back
        text = f"{done:,} rows are as they were: {outcome.restored:,} set back, {outcome.removed:,} removed"
        text += f", {outcome.brought_back:,} brought back" if outcome.brought_back else ""
        messages.success(request, f"{text}.") if done else messages.info(request, "Nothing was undone.")
        for sentence in outcome.left[:20]:
            messages.warning(request, f"Left as it is: {sentence}")
        if len(outcome.left) > 20:
            messages.warning(request, f"Left as they are: {len(outcome.left) - 20:,} more.")
        if done and not estimates.refit_if_small():
            messages.info(request, LATER)
        return HttpResponseRedirect(reverse("admin:comparisons_batch_change", args=[key]))


# --- names that nobody knows ------------------------------------------------------------------------------------------------
@admin.register(UnmatchedName)
class UnmatchedNameAdmin(ReadOnlyAdmin):
    """What imports could not match: one click says which row a name is, or that it is none."""

    list_display = ["text", "kind", "scores", "source", "seen_at", "is_ignored", "this_one"]
    list_display_links = None
    list_filter = ["kind", "is_ignored"]
    search_fields = ["text", "source"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("typed/", wrap(require_POST(self.typed_view)), name="comparisons_unmatchedname_typed"),
            path("<int:key>/is/", wrap(require_POST(self.is_view)), name="comparisons_unmatchedname_is"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        self.known = {kind: names.known(kind) for kind in names.TABLE_OF}
        self.may_match = request.user.has_perm("comparisons.change_unmatchedname")
        return super().changelist_view(request, extra_context)

    @admin.display(description="is this one")
    def this_one(self, row: UnmatchedName) -> str:
        near = [(each.slug, each.name) for each in self.known[row.kind].near(row.text)]
        if not self.may_match:
            return ", ".join(name for _, name in near)
        address = reverse("admin:comparisons_unmatchedname_is", args=[row.pk])
        last = ("back", "look again") if row.is_ignored else ("ignore", "ignore")
        buttons = [(address, "slug", slug, name) for slug, name in near] + [(address, "do", *last)]
        picks = format_html_join(
            " ", '<button type="submit" class="pick" formaction="{}" name="{}" value="{}">{}</button>', buttons
        )
        return format_html(
            '{} <span class="other"><input form="typed" name="{}" maxlength="160" placeholder="another one" aria-label="Another {} that “{}” names">'
            '<button form="typed" class="pick">name it</button></span>',
            *(picks, row.pk, row.kind, row.text),
        )

    def is_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not request.user.has_perm("comparisons.change_unmatchedname"):
            raise PermissionDenied
        name = get_object_or_404(UnmatchedName, pk=key)
        back = HttpResponseRedirect(reverse("admin:comparisons_unmatchedname_changelist"))
        if "do" in request.POST:
            name.is_ignored = request.POST["do"] == "ignore"
            name.save()
            messages.success(request, f"“{name}” is {'ignored from now on' if name.is_ignored else 'looked at again'}.")
            return back
        self.match(request, name, request.POST.get("slug", ""))
        return back

    def typed_view(self, request: HttpRequest) -> HttpResponse:
        """Match each name beside which a curator typed the name of a row."""
        if not request.user.has_perm("comparisons.change_unmatchedname"):
            raise PermissionDenied
        sent = ((key, text.strip()) for key, text in request.POST.items() if key.isdecimal() and len(key) < 19)
        typed = {int(key): text for key, text in sent if text}
        for name in UnmatchedName.objects.filter(pk__in=typed):
            known, text = names.known(name.kind), typed[name.pk]
            if slug := known.slug(text):
                self.match(request, name, slug)
            else:
                near = " or ".join(each.name for each in known.near(text)[:3])
                meant = f" Did you mean {near}?" if near else ""
                messages.error(request, f"“{text}” names no single {name.kind} on record.{meant}")
        if not typed:
            messages.error(request, "Type the name of a row beside the name that it is to have.")
        return HttpResponseRedirect(reverse("admin:comparisons_unmatchedname_changelist"))

    def match(self, request: HttpRequest, name: UnmatchedName, slug: str) -> None:
        row = get_object_or_404(names.TABLE_OF[name.kind], slug=slug)
        try:
            names.match(name, row, curation.save_row)
        except ValidationError as error:
            messages.error(request, f"“{name}” is not made an alias: {' '.join(error.messages)}")
        else:
            messages.success(
                request, f"“{name}” names {row} from now on. Import its file again for the scores that wait."
            )
