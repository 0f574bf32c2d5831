"""The console's middleware: security headers, cookies, static files."""

from collections.abc import AsyncIterator, Callable, Iterable

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

# Alpine, which draws the console's menus, evaluates expressions; its styles are set inline.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class Console:
    """Adds what every response of the console needs.

    1. A page gets a content security policy and is not cached.
    2. Cookies are marked secure on TLS, and get the path under which a proxy serves the gateway.
    3. A static file is streamed asynchronously, as ASGI servers expect: Django would warn of each one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            response.headers.setdefault("Cache-Control", "no-store")
        for cookie in response.cookies.values():
            cookie["path"] = request.META.get("SCRIPT_NAME") or "/"
            if request.is_secure():
                cookie["secure"] = True
        if isinstance(response, StreamingHttpResponse) and not response.is_async and hasattr(request, "scope"):
            response.streaming_content = _one_by_one(response.streaming_content)  # type: ignore[arg-type]
        return response


async def _one_by_one(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
