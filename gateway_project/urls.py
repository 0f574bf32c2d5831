"""Where a path leads: the console, and everything else to the API."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts_app.admin import inbox_page
from gateway_project.console import second_factor
from gateway_project.console.overview import page as overview
from proxy_app.api.routes import api

admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/inbox/", admin.site.admin_view(inbox_page.show), name="inbox"),
    path("admin/two-factor/", admin.site.admin_view(second_factor.show), name="two_factor"),
    path("admin/overview/", admin.site.admin_view(overview.live), name="overview"),
    path("admin/", include("proxy_app.admin.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", api.urls),
]
