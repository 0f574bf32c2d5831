"""Whether the process is up, and whether it can answer calls."""

from time import time

from django.http import HttpRequest, HttpResponse

from accounts_app import leasing
from proxy_app.api.rendering import json_response


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up."""
    return json_response({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 while calls can be answered, 503 with the reasons else."""
    reasons = leasing.not_ready(time())
    if reasons:
        return json_response({"status": "unavailable", "reasons": reasons}, status=503)
    return json_response({"status": "ok"})
