"""The door: sign in, sign up, sign out."""

from typing import Final

from django import forms
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

from apps.accounts.models import User
from apps.billing import sign_up as billing_sign_up
from apps.billing.sign_up import EmailTaken

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
    if request.method == "POST" and form.is_valid():
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
            user, _ = billing_sign_up.sign_up(
                email=fields["email"],
                password=fields["password"],
                workspace_name=fields["workspace"],
                now=timezone.now(),
            )
        except EmailTaken as taken:
            form.add_error("email", str(taken))
        else:
            login(request, user, backend=_BACKEND)
            return redirect("home")
    return _door(request, "studio/sign_up.html", form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign_in")


def _door(request: HttpRequest, template: str, form: forms.Form) -> HttpResponse:
    status = 422 if form.is_bound else 200
    onward = request.POST.get("next") or request.GET.get("next", "")
    return render(request, template, {"form": form, "next": onward}, status=status)


def _destination(request: HttpRequest) -> str:
    """Where a person was going, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("home")
