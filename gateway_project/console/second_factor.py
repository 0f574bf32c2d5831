"""Two-factor sign-in (TOTP) for operators who turn it on: a code after the password.

A session that was opened without the code ends when its operator has turned it on.
"""

import io
from collections.abc import Callable

import django_otp
import qrcode
import qrcode.image.svg
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "6", "pattern": "[0-9]*"}
NAME = "phone"


class Code(forms.CharField):
    """A two-factor code: six digits; spaces are ignored."""

    def __init__(self, **options: object) -> None:
        widget = UnfoldAdminTextInputWidget(attrs=CODE)
        super().__init__(**{"label": gettext_lazy("Code"), "widget": widget, **options})

    def to_python(self, value: object) -> str:
        return "".join(str(value or "").split())


class LoginForm(AuthenticationForm):
    """The console's sign-in. The field for the code is always shown, so that it does not tell who uses one."""

    otp_token = Code(required=False, label=gettext_lazy("Two-factor code, if enabled"))

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        user = self.get_user()
        device = None if user is None else device_of(user)
        if device is not None:
            check(device, cleaned.get("otp_token", ""))
            user.otp_device = device
        return cleaned


class Required:
    """Middleware: ends a session without a second factor whose operator has turned that on, in whatever session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and not user.is_verified() and device_of(user) is not None:  # type: ignore[attr-defined]
            logout(request)
        return self.get_response(request)


def device_of(user: object) -> TOTPDevice | None:
    """The operator's device, once it has shown a valid code."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def check(device: TOTPDevice, code: str) -> None:
    """Raises ValidationError unless `code` is valid now. Each wrong code delays the next try for longer."""
    if not code:
        raise forms.ValidationError(_("Enter the current two-factor code."), code="token_required")
    with transaction.atomic():
        # Locked, so that a code is valid for one session only.
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        allowed, _why = device.verify_is_allowed()
        good = allowed and device.verify_token(code)
    if not allowed:
        raise forms.ValidationError(_("Too many wrong codes. Wait a moment and try again."), code="throttled")
    if not good:
        raise forms.ValidationError(_("The two-factor code is wrong or has expired."), code="invalid_token")


def show(request: HttpRequest) -> HttpResponse:
    """The page where operators turn their second factor on with the first code, and off with another."""
    device = device_of(request.user)
    if request.method == "POST":
        return _turned(request, device)
    return _page(request, device, "")


def turn_off(user: User) -> int:
    """Without a code: for operators who have lost their phone. Returns how many devices were deleted."""
    return TOTPDevice.objects.filter(user=user).delete()[0]


def _turned(request: HttpRequest, device: TOTPDevice | None) -> HttpResponse:
    """Turns it on where it was off, and off where it was on. Both need a valid code."""
    assert isinstance(request.user, User)  # admin_view has checked it
    user = request.user
    wanted = device or _unconfirmed(request)
    try:
        check(wanted, Code(required=False).clean(request.POST.get("otp_token", "")))
    except forms.ValidationError as error:
        return _page(request, device, " ".join(error.messages))
    if device is None:
        TOTPDevice.objects.filter(pk=wanted.pk).update(confirmed=True)
        wanted.refresh_from_db()
        django_otp.login(request, wanted)
        message = _("Two-factor sign-in turned on.")
    else:
        turn_off(user)
        message = _("Two-factor sign-in turned off.")
    LogEntry.objects.log_actions(str(request.user.pk), [user], CHANGE, message)
    messages.success(request, message)
    return redirect("two_factor")


def _unconfirmed(request: HttpRequest) -> TOTPDevice:
    """The key on the page. It stays the same until it is confirmed, however often the page is opened."""
    waiting = TOTPDevice.objects.filter(user=request.user, confirmed=False).first()
    return waiting or TOTPDevice.objects.create(user=request.user, name=NAME, confirmed=False)


def _page(request: HttpRequest, device: TOTPDevice | None, trouble: str) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": _("Two-factor sign-in"), "on": device, "trouble": trouble}
    if device is None:
        key = _unconfirmed(request)
        context |= {"picture": _picture(key.config_url), "key": _spelled(key)}
    return TemplateResponse(request, "console/two_factor.html", context, status=400 if trouble else 200)


def _picture(address: str) -> SafeString:
    """A QR code, made here so that the key is sent nowhere."""
    drawn = io.BytesIO()
    qrcode.make(address, image_factory=qrcode.image.svg.SvgPathImage, box_size=20, border=2).save(drawn)
    return mark_safe(drawn.getvalue().decode().partition("?>")[2])


def _spelled(device: TOTPDevice) -> str:
    """The key for typing: base32 in groups of four."""
    secret = device.config_url.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
