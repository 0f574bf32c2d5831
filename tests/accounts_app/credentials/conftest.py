"""What the tests of credentials share: the time, replies, and what the token endpoint was asked."""

import json
import time

import pytest

from accounts_app.models import Credential
from accounts_app.storage.worker import in_database
from emulator import Emulator, Reply

OUTAGE = Reply(status=503, content_type="text/html", chunks=(b"<html>",), sized=True)


@pytest.fixture
def now() -> float:
    return time.time()


def tokens_asked(upstream: Emulator) -> int:
    return len(upstream.requests_of("token"))


async def change(account_id: int, **fields: object) -> None:
    await in_database(Credential.objects.filter(account_id=account_id).update, **fields)


def said(value: object) -> Reply:
    return Reply(chunks=(json.dumps(value).encode(),), sized=True)
