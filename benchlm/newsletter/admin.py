"""The newsletter for curators: issues with their numbers, deliveries that nobody can be sure of, subscribers without export."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from benchlm.newsletter import issues, sending
from benchlm.newsletter.addresses import masked
from benchlm.newsletter.models import Delivery, Issue, Subscriber, Suppression


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the newsletter itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        """Refused before the row is looked for, or the answer would tell which rows there are."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


@admin.register(Issue)
class IssueAdmin(ReadOnlyAdmin):
    """A planned issue can be held and given a line; one that was built keeps its words, and can be held while it is sent."""

    list_display = ["week", "state", "is_held", "subject", "progress", "equation", "balanced"]
    list_filter = ["state", "is_held"]
    fields = [
        "week",
        "state",
        "is_held",
        "note",
        "preview",
        "subject",
        "progress",
        "equation",
        "balanced",
        "built_at",
        "finished_at",
    ]
    readonly_fields = [
        "week",
        "state",
        "preview",
        "subject",
        "progress",
        "equation",
        "balanced",
        "built_at",
        "finished_at",
    ]
    actions = ["hold", "release"]

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        is_open = obj is None or obj.state == Issue.State.PLANNED
        return is_open and admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<int:key>/preview/", view, name="newsletter_issue_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The mail's text, as frozen or as it would be built now."""
        issue = get_object_or_404(self.get_queryset(request), pk=key)
        if not self.has_view_permission(request, issue):
            return HttpResponse(status=403)
        shown = issues.draft_of(issue.starts_at)
        context = self.admin_site.each_context(request) | {
            "title": f"Preview of {issue}",
            "issue": shown,
            "opts": self.opts,
        }
        return TemplateResponse(request, "newsletter/admin_preview.html", context)

    @admin.display(description="preview")
    def preview(self, issue: Issue) -> str:
        address = reverse("admin:newsletter_issue_preview", args=[issue.pk])
        return format_html('<a href="{}">the mail as text</a>', address)

    @admin.display(description="done")
    def progress(self, issue: Issue) -> str:
        if not issue.frozen:
            return "–"
        return f"{100 * (issue.frozen - issue.balance()['open']) // issue.frozen} %"

    @admin.display(description="numbers")
    def equation(self, issue: Issue) -> str:
        return sending.equation(issue, issue.balance())

    @admin.display(description="they add up", boolean=True)
    def balanced(self, issue: Issue) -> bool:
        return issue.is_balanced

    @admin.action(permissions=["change"], description="Hold: neither build nor send, nor send on")
    def hold(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, queryset.unsent().update(is_held=True), "held")

    @admin.action(permissions=["change"], description="Release")
    def release(self, request: HttpRequest, queryset: QuerySet) -> None:
        stale = [issue.week for issue in queryset.unsent() if issues.is_stale(issue, timezone.now())]
        self.tell(request, queryset.unsent().update(is_held=False), "released")
        if stale:
            text = f"Older than 3 days, so it starts only by hand: manage.py send_weekly --week {stale[0]}"
            self.message_user(request, text, messages.WARNING)

    def tell(self, request: HttpRequest, number: int, done: str) -> None:
        text = f"{number} {done}. An issue that was sent already stays as it is."
        self.message_user(request, text, messages.SUCCESS if number else messages.WARNING)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What a crash left open whether it was sent. Nothing is sent again by itself."""

    list_display = ["issue", "recipient", "state", "attempts", "reply_code", "changed_at"]
    list_filter = ["state", "issue"]
    list_select_related = ["issue", "subscriber"]
    list_display_links = None
    actions = ["treat_as_sent", "send_again"]
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Uncertain ones first of all: the list opens on them."""
        if not request.GET and request.method == "GET":
            request.GET = request.GET.copy()
            request.GET["state__exact"] = Delivery.State.UNCERTAIN
            request.META["QUERY_STRING"] = request.GET.urlencode()
        return super().changelist_view(request, {"title": "Deliveries"} | (extra_context or {}))

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletter.change_delivery")

    @admin.display(description="recipient")
    def recipient(self, row: Delivery) -> str:
        return masked(row.subscriber.email) if row.subscriber.email else "erased"

    @admin.action(permissions=["settle"], description="Treat as sent")
    def treat_as_sent(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = queryset.filter(state="uncertain").update(state=Delivery.State.SENT, changed_at=timezone.now())
        self.message_user(request, f"{number} counted as sent.", messages.SUCCESS if number else messages.WARNING)

    @admin.action(permissions=["settle"], description="Send again (may arrive twice)")
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = sending.send_again(queryset, timezone.now())
        self.message_user(
            request, f"{number} will be sent by the next run.", messages.SUCCESS if number else messages.WARNING
        )


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    """Who reads along: masked, found by the whole address alone, never exported, never ordered or filtered by address."""

    list_display = ["masked_email", "status", "country", "regime", "requested_at", "confirmed_at", "left_at"]
    list_filter = ["status", "regime"]
    search_fields = ["=email_key"]
    search_help_text = "The whole address, in small letters."
    actions = None
    fields = [
        "masked_email", "status", "country", "regime", "location_source", "location_data", "consent_version",
        "requested_at", "confirmed_at", "left_at",
    ]  # fmt: skip
    readonly_fields = ["masked_email"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return not lookup.startswith(("email", "key_hash", "public_id")) and super().lookup_allowed(
            lookup, value, request
        )

    @admin.display(description="address")
    def masked_email(self, row: Subscriber) -> str:
        return masked(row.email) if row.email else "erased"


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses that get no mail, known by their HMAC. A complaint is lifted here, after the person asked for it."""

    list_display = ["short", "reason", "day"]
    list_filter = ["reason"]
    fields = ["short", "reason", "day"]
    readonly_fields = ["short"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description="HMAC")
    def short(self, row: Suppression) -> str:
        return row.key_hash[:12]
