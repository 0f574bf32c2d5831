"""The console's pages that are about no model."""

from django.contrib import admin
from django.urls import path

from proxy_app.admin import clients_page, playground_page

urlpatterns = [
    path("clients/", admin.site.admin_view(clients_page.show), name="clients"),
    path("playground/", admin.site.admin_view(playground_page.show), name="playground"),
    path("playground/pass/", admin.site.admin_view(playground_page.give_pass), name="playground_pass"),
]
