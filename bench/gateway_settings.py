"""The gateway's own settings, with one path more."""

from gateway_project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.gateway_urls"
