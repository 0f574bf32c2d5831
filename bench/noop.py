"""The least that a django-ninja endpoint can do; the floor every other row is a multiple of."""

from django.http import HttpRequest
from ninja import NinjaAPI

api = NinjaAPI(urls_namespace="bench", docs_url=None, openapi_url=None)


@api.get("/noop")
async def noop(request: HttpRequest) -> dict:
    return {"status": "ok"}
