"""The door: sign in, sign up, sign out."""

import hashlib
from typing import Final

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps import metering
from apps.accounts.models import User
from apps.billing import sign_up as billing_sign_up
from apps.billing.sign_up import EmailTaken
from apps.metering import RateLimited
from apps.origins import remote_address

_ACCOUNTS_AT_ONCE: Final = 5  # people behind one address
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class SignInForm(AuthenticationForm):
    """An address, in whatever case it is typed, and a password."""

    def clean_username(self) -> str:
        address: str = self.cleaned_data["username"]
        return address.lower()


class SignUpForm(forms.Form):
    """An address, a password, and what to call the workspace."""

    email = forms.EmailField(max_length=254)
    password = forms.CharField(strip=False, max_length=128)
    workspace = forms.CharField(max_length=80)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.cleaned_data.get("email", "")))
        return password


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let a person in, and on to where they were going."""
    if request.user.is_authenticated:
        return redirect(_destination(request))
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST":
        try:
            _meter(request, request.POST.get("username", "").lower())
        except RateLimited as refused:
            form = SignInForm(request)
            return _door(request, "studio/sign_in.html", form, notice=f"Too many tries. {refused}", status=429)
        if form.is_valid():
            login(request, form.get_user())
            return redirect(_destination(request))
    return _door(request, "studio/sign_in.html", form)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make a person and their first workspace, and let them in."""
    if request.user.is_authenticated:
        return redirect("home")
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            _meter(request, fields["email"].lower())
            user, _ = billing_sign_up.sign_up(
                email=fields["email"],
                password=fields["password"],
                workspace_name=fields["workspace"],
                now=timezone.now(),
            )
        except (EmailTaken, RateLimited) as refused:
            form.add_error("email", str(refused))
        else:
            login(request, user, backend=_BACKEND)
            return redirect("home")
    return _door(request, "studio/sign_up.html", form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign_in")


def _door(
    request: HttpRequest, template: str, form: forms.Form, *, notice: str = "", status: int | None = None
) -> HttpResponse:
    onward = request.POST.get("next") or request.GET.get("next", "")
    context = {"form": form, "next": onward, "notice": notice}
    return render(request, template, context, status=status or (422 if form.is_bound else 200))


def _meter(request: HttpRequest, email: str) -> None:
    """Slow down whoever tries passwords: at one account from anywhere, and at many from one address.

    :raises RateLimited: one try too many.
    """
    limit: int = settings.EASEL_SIGN_INS_PER_MINUTE
    digest = hashlib.sha256(email.encode()).hexdigest()
    metering.take(subject=f"sign-in:{digest}", limit=limit).refuse()
    metering.take(subject=f"sign-in:{remote_address(request)}", limit=limit * _ACCOUNTS_AT_ONCE).refuse()


def _destination(request: HttpRequest) -> str:
    """Where a person was going, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("home")
