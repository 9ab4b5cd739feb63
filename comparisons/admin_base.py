"""What the tables of the admin share: forms that lose nothing, a history that is read only, the status buttons."""

from itertools import pairwise

from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import IntegrityError, models
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from simple_history.admin import SimpleHistoryAdmin

from comparisons import curation
from comparisons.admin_forms import CurationForm, ReasonActionForm
from comparisons.models import FeaturedPair, LanguageModel

AT_ONCE = "Nothing was saved: someone else saved the same row at the same moment. Look at the entries and save again."


def rows_link(table: type[models.Model], query: str, text: str) -> str:
    """A link to a filtered list."""
    address = reverse(f"admin:comparisons_{table._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, query, text)


def printed(record: models.Model | None, field: models.Field) -> str:
    """One field of a history row in words."""
    if record is None:
        return ""
    try:
        value = getattr(record, f"get_{field.name}_display")() if field.choices else getattr(record, field.name)
    except ObjectDoesNotExist:
        return f"{getattr(record, field.attname)} (deleted)"
    if value is None or value == "":
        return "–"
    return {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)


def lines_of(before: models.Model | None, after: models.Model | None) -> list[tuple[str, str, str]]:
    """Every field of two history rows: name, before, after."""
    fields = [field for field in (after or before).tracked_fields if field.name != "id"]
    return [(field.verbose_name, printed(before, field), printed(after, field)) for field in fields]


class CurationAdmin(SimpleHistoryAdmin):
    """What all tables share: the reason field, the change log, a history that is read only, and no silent overwrite."""

    form = CurationForm
    save_on_top = True

    def get_fieldsets(self, request: HttpRequest, obj=None) -> list:
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        reason = [("Why", {"fields": ["change_reason", "loaded"]})] if may_save else []
        return [*super().get_fieldsets(request, obj), *reason]

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs) -> type[CurationForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", "")
        return form

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Two curators who write the same row at once pass validation both; the later one gets the form back."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            request.refusal = AT_ONCE
            return super().changeform_view(request, *args, **kwargs)

    def view_on_site(self, obj: models.Model) -> str | None:
        row = obj if hasattr(obj, "get_absolute_url") else getattr(obj, "model", None)
        pair = [row.first, row.second] if isinstance(row, FeaturedPair) else [row]
        if row is None or any(isinstance(model, LanguageModel) and model.status == "draft" for model in pair):
            return None
        return row.get_absolute_url()

    def save_model(self, request: HttpRequest, obj: models.Model, form: CurationForm, change: bool) -> None:
        # Rows entered with a model that only now becomes public are part of its arrival, not news of their own.
        form.rows_are_news = change and curation.is_public(curation.stored(obj))
        if not change or form.has_changed():
            curation.save_row(obj, form.cleaned_data.get("change_reason", ""))

    def save_formset(self, request: HttpRequest, form: CurationForm, formset, change: bool) -> None:
        reason = form.cleaned_data.get("change_reason", "")
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            curation.remove_row(row, reason)
        for row in rows:
            curation.save_row(row, reason, is_news=form.rows_are_news)
        formset.save_m2m()

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        curation.remove_row(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            curation.remove_row(row)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        if not (object_id.isascii() and object_id.isdecimal()):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context=None
    ) -> HttpResponse:
        """One history row, field by field, before and after. Nothing here can be saved."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not all(part.isascii() and part.isdecimal() for part in (object_id, version_id)):
            raise Http404
        records = self.model.history.select_related("history_user").filter(id=object_id)
        record = get_object_or_404(records, history_id=version_id)
        if not self.has_view_or_change_permission(request, record.instance):
            raise PermissionDenied
        before, after = records.filter(history_id__lt=record.history_id).order_by("-history_id").first(), record
        if record.history_type == "-":
            before, after = record, None
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {title_of(record.instance)}",
            "opts": self.opts,
            "module_name": self.opts.verbose_name_plural,
            "object": record.instance,
            "record": record,
            "lines": lines_of(before, after),
            "is_kept": self.model._base_manager.filter(pk=object_id).exists(),
            **(extra_context or {}),
        }
        return self.render_history_view(request, self.object_history_form_template, context)

    def set_history_delta_changes(self, request: HttpRequest, historical_records, foreign_keys_are_objs=True) -> None:
        """What each row of the list changed, in the words of the detail page."""
        for record, before in pairwise(historical_records):
            record.history_delta_changes = [line for line in lines_of(before, record) if line[1] != line[2]]

    def revert_disabled(self, request: HttpRequest, obj=None) -> bool:
        return True

    def history_view_title(self, request: HttpRequest, obj: models.Model) -> str:
        return f"History of {title_of(obj)}"


class StatusAdmin(CurationAdmin):
    """Models, scores and offers: three buttons take rows from draft to the public and back."""

    action_form = ReasonActionForm
    actions = ["publish", "set_to_draft", "withdraw"]

    @admin.action(permissions=["change"], description="Publish")
    def publish(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, curation.publish(queryset, reason_of(request)), "published", "published already")

    @admin.action(permissions=["change"], description="Set back to draft")
    def set_to_draft(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, curation.set_to_draft(queryset, reason_of(request)), "set back to draft", "a draft already")

    @admin.action(permissions=["change"], description="Withdraw")
    def withdraw(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, curation.withdraw(queryset, reason_of(request)), "withdrawn", "withdrawn already")

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


def reason_of(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:240]


def title_of(row: models.Model) -> str:
    """The row's name, or its number when what it belongs to is deleted."""
    try:
        return str(row)
    except ObjectDoesNotExist:
        return f"{curation.noun(type(row))} {row.pk}"


class CurationInline(admin.TabularInline):
    """Rows of a model or an offer on its own page."""

    form = CurationForm
    extra = 0
    show_change_link = True
    view_on_site = False

    def get_fields(self, request: HttpRequest, obj=None) -> list[str]:
        fields = list(self.fields)
        return [*fields, "loaded"] if self.has_change_permission(request, obj) else fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the newest history row of each, so that the forms need not ask one by one."""
        related = curation.RELATED.get(self.model, ())
        history = self.model.history.filter(id=OuterRef("pk")).order_by("-history_id").values("history_id")[:1]
        return super().get_queryset(request).select_related(*related).annotate(newest_history=Subquery(history))
