"""Requests in, responses out. GET and HEAD change nothing; pages that a token opens carry no script, no cookie, no way to others."""

from functools import wraps

from django.conf import settings
from django.db import InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from benchlm.newsletter import addresses, bounces, checks, consent, issues, keys, limits, mail, subscriptions
from benchlm.newsletter.forms import SignUpForm, new_stamp
from benchlm.newsletter.models import Issue, Subscriber
from comparisons import visitors
from comparisons.responses import View, form_answer, length, private, public, refused_body

MOST_EVENT_BYTES = 512 * 1024


def unless_stuck(view: View) -> View:
    """503 where the database takes no entry, because it is away, read-only or its disk is full; whose entry is nobody's business."""

    @wraps(view)
    def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (OperationalError, InternalError):
            response = render(request, "newsletter/stuck.html", status=503)
            response.headers["Retry-After"] = "60"
            return response

    return respond


# --- signing up -----------------------------------------------------------------------------------------------------
@csrf_exempt  # for a moment: _sign_up checks the token, after the size and kind of what came
@require_http_methods(["GET", "HEAD", "POST"])
@private
def sign_up(request: HttpRequest) -> HttpResponse:
    return refused_body(request) or _sign_up(request)


@csrf_protect
def _sign_up(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show_form(request, SignUpForm(), 422 if "email" in request.GET else 200)
    if checks.faults() or mail.is_resting(timezone.now()):
        return try_later(request, 503, 60)
    form = SignUpForm(request.POST)
    if form.is_trap_sprung:
        return neutral(request)
    if not form.is_valid():
        return show_form(request, form, 422)
    return asked(request, form.cleaned_data["email"])


def asked(request: HttpRequest, address: addresses.Address) -> HttpResponse:
    """The one answer that everybody gets, and the confirm mail for whom one is due."""
    now, location = timezone.now(), consent.location_of(request.META)
    if not limits.client_may(visitors.network_of(visitors.client_address(request.META)), now):
        return try_later(request, 429, limits.HOUR)
    try:
        due = subscriptions.sign_up(address, location, now)
    except subscriptions.TooManyError:
        return try_later(request, 429, limits.HOUR)
    except (OperationalError, InternalError):  # the database takes no entry: the address is nobody's business
        return try_later(request, 503, 60)
    if due:
        mail.send_soon(mail.confirm_message(address.email, *due, location.regime, now))
    return neutral(request)


def show_form(request: HttpRequest, form: SignUpForm, status: int) -> HttpResponse:
    regime = consent.BY_NAME[consent.location_of(request.META).regime]
    context = {
        "title": "The weekly email",
        "description": "One email a week when models drop, scores change or the leaderboard shifts.",
        "form": form,
        "stamp": form.next_stamp if form.is_bound else new_stamp(),
        "faults": [fault for name in ("email", "stamp") for fault in form.errors.get(name, [])]
        if form.is_bound
        else [],
        "is_closed": bool(checks.faults()),
        "regime": regime,
        "sentence": consent.sentence(regime),
        "words": consent.words(regime),
        "operator": settings.NEWSLETTER_OPERATOR,
        "postal_address": settings.NEWSLETTER_POSTAL_ADDRESS,
        "issues": Issue.objects.public()[:12],
    }
    if status == 422 and not form.is_bound:
        context["faults"] = ["An address is sent with the form, never as a part of a link."]
    return form_answer(request, "newsletter/sign_up.html", "newsletter/box.html", context, status)


def neutral(request: HttpRequest) -> HttpResponse:
    if request.htmx:
        return render(request, "newsletter/check_inbox_box.html")
    return HttpResponseRedirect("/newsletter/check-inbox/", status=303)


def try_later(request: HttpRequest, status: int, seconds: int) -> HttpResponse:
    response = form_answer(
        request,
        "newsletter/later.html",
        "newsletter/later_box.html",
        {"title": "Please try later", "is_many": status == 429},
        status,
    )
    response.headers["Retry-After"] = str(seconds)
    return response


@require_safe
@private
def check_inbox(request: HttpRequest) -> HttpResponse:
    return render(
        request, "newsletter/check_inbox.html", {"title": "Look into your inbox", "hours": subscriptions.CONFIRM_HOURS}
    )


# --- links of a mail ------------------------------------------------------------------------------------------------
@csrf_exempt  # the token is the right to do it; there is no cookie that another site could use
@require_http_methods(["GET", "HEAD", "POST"])
@private
@unless_stuck
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        state = subscriptions.confirm(token, timezone.now())
        if state == "confirmed":
            return HttpResponseRedirect("/newsletter/welcome/", status=303)
    else:
        state = subscriptions.token_state(token, timezone.now())
    status = {"unknown": 404, "over": 410}.get(state, 200)
    return render(request, "newsletter/confirm.html", {"state": state}, status=status)


@csrf_exempt  # RFC 8058: a mail program posts without cookie, Origin or Referer
@require_http_methods(["GET", "HEAD", "POST"])
@private
@unless_stuck
def leave(request: HttpRequest, token: str) -> HttpResponse:
    public_id = keys.read_link_token("leave", token)
    if public_id is None:
        return render(request, "newsletter/leave.html", {"state": "unknown"}, status=404)
    if request.method == "POST":
        subscriptions.leave(public_id, timezone.now())
    email = Subscriber.objects.with_address().filter(public_id=public_id).values_list("email", flat=True).first()
    return render(
        request, "newsletter/leave.html", {"state": "open" if email else "left", "email": addresses.masked(email or "")}
    )


@require_safe
@private
def my_data(request: HttpRequest, token: str) -> HttpResponse:
    public_id = keys.read_link_token("my-data", token)
    held = public_id and subscriptions.held_on(public_id)
    if not held:
        return render(request, "newsletter/no_data.html", status=404)
    response = JsonResponse(held, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="benchlm-newsletter.json"'
    return response


@require_safe
@private
def welcome(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/welcome.html")


# --- the archive ----------------------------------------------------------------------------------------------------
@public
def issue(request: HttpRequest, week: str) -> HttpResponse:
    """One issue as it was frozen, without any personal link."""
    found = get_object_or_404(Issue.objects.public().of_week(week))
    newer = Issue.objects.public().exclude(pk=found.pk)[:6]
    return render(
        request,
        "newsletter/issue.html",
        shown(found) | {"title": f"Week {found.iso_week} of {found.iso_year}", "others": newer},
    )


@public
def sample(request: HttpRequest) -> HttpResponse:
    """What the issue of the running week would say now, or an older one if nothing happened yet."""
    found = issues.draft_of(timezone.now())
    if not found.content["sections"]:
        found = Issue.objects.public().first() or found
    return render(
        request, "newsletter/issue.html", shown(found) | {"title": "A sample of the weekly email", "is_sample": True}
    )


def shown(found: Issue) -> dict:
    return {"issue": found, "content": found.content, "period": issues.period(found), "description": found.subject}


# --- what providers report ------------------------------------------------------------------------------------------
@csrf_exempt  # the provider shows the shared secret
@require_POST
@private
def events(request: HttpRequest, provider: str) -> HttpResponse:
    """Delivery events of the mail provider in force, in its own format, read by django-anymail."""
    if not provider or provider != settings.EMAIL_PROVIDER or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404(provider)
    if length(request) > MOST_EVENT_BYTES:
        return HttpResponse(status=413)
    from anymail.exceptions import AnymailError

    try:
        reader = resolve(f"/{provider}/tracking/", urlconf="anymail.urls").func.view_class()
    except Resolver404 as error:
        raise Http404(provider) from error
    try:
        reader.run_validators(request)
        found = reader.parse_events(request)
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError):
        return HttpResponse(status=400)
    for event in found:
        bounces.read_event(event, timezone.now())
    return HttpResponse()
