"""The one site of staff: Django's admin, with our pages among its own."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from apps.staff.navigation import Group, counts_of, groups_of
from apps.staff.urls import pages


class StaffSite(admin.AdminSite):
    """Django's admin behind the door that everyone uses, which also slows down whoever tries passwords."""

    site_title = site_header = "Easel staff"
    index_title = "Staff"
    index_template = "staff/index.html"
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        ours = [path(route, self.admin_view(view), name=f"staff_{name}") for route, view, name in pages()]
        return [*ours, path("rows/", self.admin_view(self.rows), name="staff_rows"), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:  # template values
        match = request.resolver_match
        current = "people" if match and match.url_name and match.url_name.startswith("accounts_user") else "rows"
        counts = counts_of(request.user, now=timezone.now())
        groups = groups_of(request.user, current=current, counts=counts)
        return {**super().each_context(request), "counts": counts, "groups": groups}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Begin with the pages that this person may open."""
        context = {"groups": self._groups(request, ""), **(extra_context or {})}
        return super().index(request, context)

    def rows(self, request: HttpRequest) -> HttpResponse:
        """List the tables behind the pages, as Django does."""
        context = {"title": "All rows", "groups": self._groups(request, "rows")}
        return admin.AdminSite.index(self, request, {**context, "is_rows": True})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever is not signed in to the door, and back; who is signed in and not staff is refused."""
        target = request.GET.get("next", reverse("admin:index"))
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("These pages are for the people who run this installation.")
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': target})}")

    def _groups(self, request: HttpRequest, current: str) -> list[Group]:
        return groups_of(request.user, current=current, counts=counts_of(request.user, now=timezone.now()))
