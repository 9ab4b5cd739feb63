"""Who gets the weekly email, what it says and whether it was sent. No table holds a network address."""

import datetime
import uuid

from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

WEEK = datetime.timedelta(days=7)


class SubscriberQuerySet(models.QuerySet):
    def active(self) -> "SubscriberQuerySet":
        return self.filter(status="active")

    def with_address(self) -> "SubscriberQuerySet":
        return self.filter(email_key__isnull=False)

    def pending_since(self, moment: datetime.datetime) -> "SubscriberQuerySet":
        """Sign-ups older than a moment that nobody confirmed."""
        return self.filter(status="pending", requested_at__lt=moment)

    def gone_before(self, moment: datetime.datetime) -> "SubscriberQuerySet":
        return self.filter(status__in=("unsubscribed", "suspended"), left_at__lt=moment)


class Subscriber(models.Model):
    """One sign-up. A row that ended keeps the proof (HMAC, times, text version, regime) and no address."""

    class Status(models.TextChoices):
        PENDING = "pending", "Not confirmed"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Undeliverable"
        UNSUBSCRIBED = "unsubscribed", "Left"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, null=True, unique=True)
    key_hash = models.CharField("HMAC of the address", max_length=64, db_index=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    country = models.CharField("derived country", max_length=2, blank=True)
    regime = models.CharField(max_length=6)
    location_source = models.CharField(max_length=8)
    location_data = models.CharField("location data of", max_length=24, blank=True)
    consent_version = models.CharField(max_length=10)
    requested_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="active") | Q(confirmed_at__isnull=False), name="subscriber_active_confirmed"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "active"), email_key__isnull=False, left_at=None) & ~Q(email="")
                | Q(status__in=("suspended", "unsubscribed"), email_key=None, email="", left_at__isnull=False),
                name="subscriber_address_while_wanted",
            ),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.public_id}"


class ConfirmToken(models.Model):
    """A link that was mailed to confirm a sign-up; the link itself is kept nowhere."""

    token_hash = models.CharField(max_length=64, unique=True)
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber"], condition=Q(used_at=None), name="confirmtoken_one_live"),
        ]

    def __str__(self) -> str:
        return f"confirm token of {self.subscriber_id}"


class Suppression(models.Model):
    """An address that gets no issue, known by its HMAC alone."""

    class Reason(models.TextChoices):
        LEFT = "left", "Left"
        BOUNCED = "bounced", "Undeliverable"
        COMPLAINED = "complained", "Complaint"

    key_hash = models.CharField("HMAC of the address", max_length=64, unique=True)
    reason = models.CharField(max_length=10, choices=Reason)
    day = models.DateField()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} on {self.day}"


class Limit(models.Model):
    """When mails of one kind were asked for, newest last. The key is an HMAC of what is counted."""

    key_hash = models.CharField(max_length=64, unique=True)
    hits = models.JSONField(default=list)  # seconds since 1970
    touched_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{len(self.hits)} hits"


class IssueQuerySet(models.QuerySet):
    def public(self) -> "IssueQuerySet":
        """Issues with an archive page, the newest first."""
        return self.filter(state__in=("sending", "done")).order_by("-iso_year", "-iso_week")

    def of_week(self, week: str) -> "IssueQuerySet":
        """The issue of a week written like 2026-W48."""
        year, _, number = week.partition("-W")
        return self.filter(iso_year=int(year), iso_week=int(number))

    def unsent(self) -> "IssueQuerySet":
        return self.filter(state__in=("planned", "sending"))

    def owing(self) -> "IssueQuerySet":
        return self.filter(state="sending").order_by("iso_year", "iso_week")

    def found_empty_after(self, now: datetime.datetime) -> "IssueQuerySet":
        """Weeks that were found empty at a moment that has not come yet."""
        return self.filter(state="skipped_empty", built_at__gt=now)

    def older_than(self, moment: datetime.datetime) -> "IssueQuerySet":
        """Issues built before a moment whose deliveries are still kept."""
        return self.filter(state__in=("sending", "done"), built_at__lt=moment, deliveries__isnull=False).distinct()


class Issue(models.Model):
    """One ISO week, Monday 00:00 to Monday 00:00 UTC. Content and recipients are frozen in one transaction."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENDING = "sending", "Sending"
        DONE = "done", "Done"
        EMPTY = "skipped_empty", "Nothing to say"

    iso_year = models.PositiveSmallIntegerField()
    iso_week = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=13, choices=State, default=State.PLANNED)
    is_held = models.BooleanField("held", default=False, help_text="A held issue is not built and not sent.")
    note = models.CharField(max_length=240, blank=True, help_text="One line from the operator, printed first.")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    content = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    frozen = models.PositiveIntegerField("recipients", default=0)
    built_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-iso_year", "-iso_week"]
        constraints = [
            models.UniqueConstraint(fields=["iso_year", "iso_week"], name="issue_one_per_week"),
            models.CheckConstraint(condition=Q(iso_week__range=(1, 53)), name="issue_week_of_a_year"),
            models.CheckConstraint(
                condition=Q(state__in=("planned", "skipped_empty")) | ~Q(subject=""), name="issue_frozen_content"
            ),
        ]

    def __str__(self) -> str:
        return self.week

    def get_absolute_url(self) -> str:
        return reverse("newsletter:issue", args=[self.week])

    @property
    def week(self) -> str:
        return f"{self.iso_year}-W{self.iso_week:02}"

    @property
    def starts_at(self) -> datetime.datetime:
        monday = datetime.date.fromisocalendar(self.iso_year, self.iso_week, 1)
        return datetime.datetime.combine(monday, datetime.time(), datetime.UTC)

    @property
    def ends_at(self) -> datetime.datetime:
        return self.starts_at + WEEK

    def balance(self) -> dict[str, int]:
        """Recipients by outcome; `open` are those still owed. Of issues past the retention time the counts that were kept."""
        if "balance" in self.counts:
            return self.counts["balance"]
        found = dict(self.deliveries.order_by().values_list("state").annotate(Count("pk")))
        ended = {state: found.get(state, 0) for state in ("sent", "failed", "cancelled", "uncertain")}
        return ended | {"open": sum(found.get(state, 0) for state in ("pending", "handed", "retry"))}

    @property
    def is_balanced(self) -> bool:
        return self.frozen == sum(self.balance().values())


class DeliveryQuerySet(models.QuerySet):
    def owed(self, now: datetime.datetime) -> "DeliveryQuerySet":
        """What may be sent now, in the order in which it was frozen."""
        return self.wanted().filter(next_try_at__lte=now).order_by("pk")

    def wanted(self) -> "DeliveryQuerySet":
        """What is still to be sent, unless somebody holds the issue."""
        return self.filter(state__in=("pending", "retry"), issue__is_held=False)

    def handed(self) -> "DeliveryQuerySet":
        return self.filter(state="handed")

    def uncertain(self) -> "DeliveryQuerySet":
        return self.filter(state="uncertain")


class Delivery(models.Model):
    """One issue for one subscriber. `handed` is committed before the mail leaves, so that no crash can send it twice."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        HANDED = "handed", "Handed over"
        SENT = "sent", "Sent"
        RETRY = "retry", "To be tried again"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Left meanwhile"
        UNCERTAIN = "uncertain", "Uncertain"

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="deliveries")
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_try_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    run = models.CharField(max_length=32, blank=True)
    reply_code = models.CharField(max_length=40, blank=True)
    message_id = models.CharField(max_length=200, null=True, blank=True, unique=True)
    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["pk"]
        indexes = [models.Index(fields=["issue", "state", "next_try_at"], name="delivery_owed")]
        constraints = [
            models.UniqueConstraint(fields=["issue", "subscriber"], name="delivery_once_per_subscriber"),
            models.CheckConstraint(
                condition=Q(state__in=("pending", "cancelled")) | Q(message_id__isnull=False),
                name="delivery_handed_has_message_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue_id} to {self.subscriber_id}"
