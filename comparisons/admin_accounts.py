"""Accounts of curators: the form of signing in, setting up the second step, users that are not deleted and not raised by equals."""

import base64

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from django_otp import login as trust

from comparisons import signing_in

WRONG = "Name, password or code is wrong, or this name was tried too often: then wait ten seconds. All three are case-sensitive."


class SignInForm(AdminAuthenticationForm):
    """Name, password and, for whoever has set it up, a code. What was wrong of the three is not said."""

    code = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}),
    )
    error_messages = AdminAuthenticationForm.error_messages | {"invalid_login": WRONG}

    def clean(self) -> dict:
        sent = self.cleaned_data
        if sent.get("username") is None or not sent.get("password"):
            return sent
        found = signing_in.admitted(
            self.request, sent["username"], sent["password"], sent.get("code", ""), timezone.now()
        )
        if found is None:
            raise ValidationError(WRONG, code="invalid_login")
        self.user_cache, device = found
        self.confirm_login_allowed(self.user_cache)
        self.user_cache.otp_device = device
        return sent


def lacks_second_step(user: AbstractUser) -> bool:
    """Whether somebody signed in who must set it up first."""
    is_staff = user.is_active and user.is_staff
    return is_staff and settings.ADMIN_TOTP and not user.is_verified() and not signing_in.has_device(user)


# --- setting it up --------------------------------------------------------------------------------------------------
def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Open to staff who signed in, also before their second step is set up."""

    def open_to_staff(view):
        def respond(request: HttpRequest) -> HttpResponse:
            if not (site.has_permission(request) or lacks_second_step(request.user)):
                return HttpResponseRedirect(reverse("admin:login"))
            return view(request)

        return never_cache(csrf_protect(respond))

    return [
        path("second-step/", open_to_staff(second_step), name="second_step"),
        path("second-step/square.svg", open_to_staff(square), name="second_step_square"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Begin with the password, finish with a first code, get recovery codes: each by a button."""
    steps = {"begin": begin, "confirm": confirm, "codes": new_codes}
    step = steps.get(request.POST.get("do", "")) if request.method == "POST" else None
    return (step and step(request)) or show(request)


def show(request: HttpRequest, codes: list[str] | None = None) -> HttpResponse:
    device = signing_in.begun(request.user)
    context = admin.site.each_context(request) | {
        "title": "Second step of signing in",
        "is_needed": lacks_second_step(request.user),
        "has_device": signing_in.has_device(request.user),
        "codes_left": signing_in.codes_left(request.user),
        "secret": grouped(base64.b32encode(device.bin_key).decode()) if device else "",
        "codes": codes,
    }
    return TemplateResponse(request, "admin/second_step.html", context)


def grouped(secret: str) -> str:
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def is_owner(request: HttpRequest) -> bool:
    """Whether the password was given again: a session left open must not change the second step."""
    now, name = timezone.now(), request.user.get_username()
    if signing_in.is_answered(name, now) and request.user.check_password(request.POST.get("password", "")):
        return True
    signing_in.count_wrong(name, now)
    messages.error(request, "That is not your password, or it was tried too often: then wait ten seconds.")
    return False


def begin(request: HttpRequest) -> HttpResponse | None:
    if is_owner(request):
        signing_in.begin(request.user)
    return HttpResponseRedirect(request.path)


def confirm(request: HttpRequest) -> HttpResponse | None:
    device = signing_in.confirm(request.user, request.POST.get("code", ""))
    if device is None:
        messages.error(
            request, "That is not the code of this moment. Look at the clock of the phone, and wait for the next."
        )
        return HttpResponseRedirect(request.path)
    trust(request, device)
    messages.success(request, "The second step is set up.")
    return show(request, signing_in.recovery_codes(request.user))


def new_codes(request: HttpRequest) -> HttpResponse | None:
    if not signing_in.has_device(request.user) or not is_owner(request):
        return HttpResponseRedirect(request.path)
    return show(request, signing_in.recovery_codes(request.user))


@require_safe
def square(request: HttpRequest) -> HttpResponse:
    device = signing_in.begun(request.user)
    if device is None:
        raise Http404
    return HttpResponse(signing_in.square(device), content_type="image/svg+xml")


# --- users ----------------------------------------------------------------------------------------------------------
class CuratorAdmin(UserAdmin):
    """Curators are never deleted: the history names them. Only a superuser makes or touches another."""

    actions = ["reset_second_step"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AbstractUser | None = None) -> bool:
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> tuple[str, ...]:
        held = () if request.user.is_superuser else ("is_superuser", "user_permissions")
        return (*super().get_readonly_fields(request, obj), *held)

    @admin.action(permissions=["change"], description="Reset the second step (after its loss)")
    def reset_second_step(self, request: HttpRequest, queryset: QuerySet) -> None:
        users = [user for user in queryset if self.has_change_permission(request, user)]
        for user in users:
            signing_in.reset(user)
            self.log_change(request, user, "Reset the second step of signing in.")
        names = ", ".join(user.get_username() for user in users)
        self.message_user(request, f"Reset for {names}." if users else "Nothing was reset.", messages.SUCCESS)
