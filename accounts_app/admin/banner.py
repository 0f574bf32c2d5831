"""What every page of the console says at its top."""

from typing import Any

from django.http import HttpRequest

from accounts_app.actions import accounts


def context(request: HttpRequest) -> dict[str, Any]:
    """For the base template: whether clients hear a demo instead of Google."""
    return {"only_the_demo_answers": request.user.is_authenticated and accounts.only_the_demo_answers()}
