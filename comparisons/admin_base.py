"""What the tables of the admin share: forms that lose nothing, a history to read and go back by, the status actions."""

import re

from django.contrib import admin, messages
from django.contrib.messages.storage import default_storage
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import IntegrityError, models
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from simple_history.admin import SimpleHistoryAdmin

from comparisons import curation, estimates, foresight, previews
from comparisons.admin_forms import CurationForm, ReasonActionForm
from comparisons.models import FeaturedPair, LanguageModel, Offer, Score, Status
from comparisons.verdicts import joined

FORESEE, FORESEEN, BACK = "_foresee", "_foreseen", "_back"
SAVING = ("_save", "_continue", "_addanother", "_saveasnew")
AT_ONCE = "Nothing was saved: someone else saved the same row at the same moment. Look at the entries and save again."


def rows_link(table: type[models.Model], query: str, text: str) -> str:
    """A link to a filtered list."""
    address = reverse(f"admin:comparisons_{table._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, query, text)


def refitted(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A saved change enters the estimates at once: by a fit while fits are quick, else model by model until the next fit_abilities."""
    if request.method == "POST" and response.status_code == 302 and not estimates.refit_if_small():
        names = estimates.catch_up()
        done = f"The estimated scores of {joined(names)} were updated at once. " if names else ""
        messages.info(request, f"{done}A full fit of all models follows within a day.")
    return response


def may_publish(request: HttpRequest, table: type[models.Model]) -> bool:
    """Whether the curator may make rows of the table public; where no row is a draft, the right to change it says enough."""
    right = curation.PUBLISHED_AS.get(table)
    return right is None or request.user.has_perm(f"comparisons.publish_{right}")


def kept_as_drafts(request: HttpRequest, table: type[models.Model]) -> list[str]:
    """The status is shown, not offered, to those who may not publish."""
    has_status = any(field.name == "status" for field in table._meta.fields)
    return ["status"] if has_status and table in curation.PUBLISHED_AS and not may_publish(request, table) else []


class CurationAdmin(SimpleHistoryAdmin):
    """What all tables share: the reason field, the change log, the history, and no silent overwrite."""

    form = CurationForm

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str]:
        """What an address fills in; another row is named by its number."""
        given = super().get_changeform_initial_data(request)
        keys = {field.name for field in self.opts.fields if isinstance(field, models.ForeignKey)}
        return {name: text for name, text in given.items() if name not in keys or (text.isdecimal() and len(text) < 19)}

    def get_fieldsets(self, request: HttpRequest, obj=None) -> list:
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        reason = [("Why", {"fields": ["change_reason", "loaded"]})] if may_save else []
        return [*super().get_fieldsets(request, obj), *reason]

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs) -> type[CurationForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", "")
        form.only_drafts = not self.has_publish_permission(request)
        return form

    # --- who may: drafts are open to all who may change the table, what is more needs the right to publish ---
    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(request, self.model)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return super().has_change_permission(request, obj) and self.may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return super().has_delete_permission(request, obj) and self.may_touch(request, obj)

    def may_touch(self, request: HttpRequest, obj: models.Model | None) -> bool:
        return obj is None or self.has_publish_permission(request) or curation.is_draft(obj)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *kept_as_drafts(request, self.model)]

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return refitted(request, self.saved(request, *args, **kwargs))

    def saved(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Two curators who write the same row at once both pass validation; the later one gets the form back."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            request.refusal = AT_ONCE
            return super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return refitted(request, super().changelist_view(request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        return refitted(request, super().delete_view(request, object_id, extra_context))

    def view_on_site(self, obj: models.Model) -> str | None:
        row = obj if hasattr(obj, "get_absolute_url") else getattr(obj, "offer", obj)
        row = row if hasattr(row, "get_absolute_url") else getattr(row, "model", None)
        if isinstance(obj, LanguageModel | Score | Offer) and obj.status == Status.DRAFT:
            return previews.link(obj)
        shown = [row.first, row.second] if isinstance(row, FeaturedPair) else [row]
        if row is None or any(getattr(each, "status", None) == Status.DRAFT for each in shown):
            return None
        return row.get_absolute_url()

    def save_model(self, request: HttpRequest, obj: models.Model, form: CurationForm, change: bool) -> None:
        # Rows entered with a model that only now becomes public are part of its arrival, not news of their own.
        form.rows_are_news = change and curation.is_public(curation.stored(obj))
        curation.save_row(obj, form.cleaned_data.get("change_reason", ""))

    def save_formset(self, request: HttpRequest, form: CurationForm, formset, change: bool) -> None:
        reason = form.cleaned_data.get("change_reason", "")
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            curation.remove_row(row, reason)
        for row in rows:
            curation.save_row(row, reason, is_news=form.rows_are_news)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        curation.remove_row(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            curation.remove_row(row)

    # --- history ---
    def get_history_queryset(self, request: HttpRequest, history_manager, pk_name: str, object_id: str) -> QuerySet:
        """Names the tables to join: the library asks for all of them where a row has no foreign key."""
        tracked = history_manager.model.tracked_fields
        joined = [field.name for field in tracked if isinstance(field, models.ForeignKey)]
        return history_manager.filter(**{pk_name: object_id}).select_related("history_user", *joined)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict | None = None
    ) -> HttpResponse:
        """An earlier state of a row as its form; who may change the row may save it again."""
        now = self.model._base_manager.filter(pk=object_id).first()
        if request.method == "POST" and not self.has_change_permission(request, now):
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)

    def render_history_view(self, request: HttpRequest, template: str, context: dict, **kwargs) -> HttpResponse:
        record = getattr(context.get("original"), "_history", None)
        return super().render_history_view(request, template, {"record": record} | context, **kwargs)

    def history_view_title(self, request: HttpRequest, obj: models.Model) -> str:
        """The row's name, or its number when what it belongs to is deleted."""
        try:
            return f"History of {obj}"
        except ObjectDoesNotExist:
            return f"History of {curation.noun(self.model)} {obj.pk}"

    history_form_view_title = history_view_title


class NotSavedError(Exception):
    """A form that would not be saved, with the page that says why."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def publishes_rows(request: HttpRequest, table: type[models.Model]) -> bool:
    """Whether a draft among the rows of a model's page is to be published with it."""
    name = table._meta.get_field("model").remote_field.related_name if table in (Score, Offer) else ""
    marked = [key.removesuffix("-status") for key in request.POST if name and re.fullmatch(rf"{name}-\d+-status", key)]
    published = [
        request.POST.get(f"{row}-id", "") for row in marked if request.POST[f"{row}-status"] == Status.PUBLISHED
    ]
    keys = [key for key in published if key.isascii() and key.isdecimal() and len(key) < 19]
    return bool(keys) and table.objects.filter(pk__in=keys, status=Status.DRAFT).exists()


def refuse_unsaved(response: HttpResponse) -> None:
    if response.status_code != 302:
        raise NotSavedError(response)


class StatusAdmin(CurationAdmin):
    """Models, scores and offers: three actions take rows from draft to the public and back."""

    action_form = ReasonActionForm
    actions = ["publish", "set_to_draft", "withdraw"]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """Before a draft is published, and whenever it is asked for, a page says what saving would change."""
        if request.method == "POST" and BACK in request.POST:
            request.refusal = "Nothing is saved yet."
        elif request.method == "POST" and FORESEEN not in request.POST and self.is_foreseen(request, object_id):
            return self.foresee_saving(request, object_id, form_url)
        extra = {"foresees": self.has_publish_permission(request)} | (extra_context or {})
        return super().changeform_view(request, object_id, form_url, extra)

    def is_foreseen(self, request: HttpRequest, object_id: str | None) -> bool:
        if FORESEE in request.POST:
            return True
        row = self.get_object(request, object_id) if object_id and self.has_publish_permission(request) else None
        if row is None or request.POST.get("status") != Status.PUBLISHED:
            return False
        return row.status == Status.DRAFT or any(publishes_rows(request, inline.model) for inline in self.inlines)

    def foresee_saving(self, request: HttpRequest, object_id: str | None, form_url: str) -> HttpResponse:
        """The form is saved for a moment; where it is refused it comes back as it would on saving."""
        told, request._messages = request._messages, default_storage(request)
        try:
            found = foresight.foresee(
                lambda: refuse_unsaved(self.saved(request, object_id, form_url, {"foresees": True})),
                timezone.localdate(),
            )
        except NotSavedError as refused:
            return refused.response
        finally:
            request._messages = told
        button = next((name for name in SAVING if name in request.POST), SAVING[0])
        return self.foresight_page(request, found, button, "Publish" if FORESEE not in request.POST else "Save")

    def foresight_page(self, request: HttpRequest, found: foresight.Foresight, button: str, verb: str) -> HttpResponse:
        left_out = {"csrfmiddlewaretoken", FORESEE, *SAVING}
        sent = [(name, value) for name, values in request.POST.lists() for value in values if name not in left_out]
        context = self.admin_site.each_context(request) | {
            "title": found.said,
            "opts": self.opts,
            "foresight": found,
            "sent": [*sent, (FORESEEN, "1")],
            "button": button,
            "verb": verb,
            "has_form": button in SAVING,
        }
        return TemplateResponse(request, "admin/foresight.html", context)

    @admin.action(permissions=["publish"], description="Publish")
    def publish(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """What it would change is said first, unless all are published already."""
        keys = list(queryset.exclude(status=Status.PUBLISHED).values_list("pk", flat=True))
        if keys and FORESEEN not in request.POST:
            rows, values = self.model.objects.filter(pk__in=keys), {"status": Status.PUBLISHED}
            values |= {"withdrawn_on": None} if self.model is Score else {}
            try:
                found = foresight.foresee(lambda: rows.stand_in(**values), timezone.localdate())
            except IntegrityError:  # some will be refused: which ones is said when the rest is published
                pass
            else:
                return self.foresight_page(request, found, "_go", "Publish")
        self.set_status(request, queryset, Status.PUBLISHED, "published", "published already")
        return None

    @admin.action(permissions=["publish"], description="Set back to draft")
    def set_to_draft(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.set_status(request, queryset, Status.DRAFT, "set back to draft", "a draft already")

    @admin.action(permissions=["publish"], description="Withdraw")
    def withdraw(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.set_status(request, queryset, Status.WITHDRAWN, "withdrawn", "withdrawn already")

    def set_status(self, request: HttpRequest, rows: QuerySet, status: Status, done: str, already: str) -> None:
        reason = request.POST.get("reason", "").strip()[:240]
        self.tell(request, curation.set_status(rows, status, reason), done, already)

    def tell(self, request: HttpRequest, outcome: curation.Outcome, done: str, already: str) -> None:
        noun = curation.noun(self.model)
        text = f"{outcome.done or 'No'} {noun}{'' if outcome.done in (0, 1) else 's'} {done}"
        if outcome.already:
            text += f", {outcome.already} {'was' if outcome.already == 1 else 'were'} {already}"
        if outcome.hidden:
            text += f"; {outcome.hidden} of them stay hidden until their model is published"
        self.message_user(request, f"{text}.", messages.SUCCESS if outcome.done else messages.INFO)
        for sentence in outcome.refused[:5]:
            self.message_user(request, f"Not {done}: {sentence}", messages.ERROR)
        if len(outcome.refused) > 5:
            self.message_user(request, f"{len(outcome.refused) - 5} more were refused.", messages.ERROR)


class ReadOnlyAdmin(admin.ModelAdmin):
    """What the site writes itself."""

    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class CurationInline(admin.TabularInline):
    """Rows of a model or an offer on its own page."""

    form = CurationForm
    extra = 0
    show_change_link = True
    view_on_site = False

    def get_formset(self, request: HttpRequest, obj=None, **kwargs) -> type:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.only_drafts = not may_publish(request, self.model)
        return formset

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        return kept_as_drafts(request, self.model)

    def get_fields(self, request: HttpRequest, obj=None) -> list[str]:
        return [*self.fields, "loaded"] if self.has_change_permission(request, obj) else self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the newest history row of each, so that the forms need not ask one by one."""
        related = curation.RELATED.get(self.model, [None])
        history = self.model.history.filter(id=OuterRef("pk")).order_by("-history_id").values("history_id")[:1]
        return super().get_queryset(request).select_related(*related).annotate(newest_history=Subquery(history))
