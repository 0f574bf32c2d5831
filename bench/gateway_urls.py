"""The gateway's own paths after the no-op's."""

from django.urls import path

from bench.noop import api
from gateway_project.urls import urlpatterns as gateway

urlpatterns = [path("bench/", api.urls), *gateway]
