"""Every route."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("healthz", healthz),
    path("staff/", admin.site.urls),
    path("", include("apps.api.urls")),
    path("", include("apps.studio.urls")),
    path("", include("apps.site.urls")),
]
handler400 = "config.refusals.bad_request"
handler403 = "config.refusals.forbidden"
handler404 = "config.refusals.not_found"
handler500 = "config.refusals.broken"
