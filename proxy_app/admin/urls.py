"""The console's pages that belong to no table."""

from django.contrib import admin
from django.urls import path

from proxy_app.admin import clients_page, playground_page

urlpatterns = [
    path("clients/", admin.site.admin_view(clients_page.show), name="clients"),
    path("playground/", admin.site.admin_view(playground_page.show), name="playground"),
    path("playground/pass/", admin.site.admin_view(playground_page.issue_token), name="playground_pass"),
]
