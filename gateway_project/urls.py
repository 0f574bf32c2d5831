"""Where a path leads: the console, and everything else to the API."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
try:
    from proxy_app.api import api

    urlpatterns.append(path("", api.urls))
except ImportError:  # the API is not all there yet
    pass
