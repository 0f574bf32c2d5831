"""Fills a gateway's empty data directory: `python -m bench.fill '{"accounts": 20, "keys": 1, "ledger": 0}'`.

Prints the client key to call with.
"""

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts_app.api_keys import keys as api_keys  # noqa: E402
from accounts_app.models import Account, ApiKey, Credential, Project, Resource  # noqa: E402
from proxy_app.models import UsageRecord  # noqa: E402

LEDGER_SLICE = 250_000


def fill(accounts: int = 20, keys: int = 1, ledger: int = 0, resources: int = 0, api_accounts: int = 0) -> str:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        connect(accounts)
        for number in range(api_accounts):
            row = Account.objects.create(kind=Account.Kind.GEMINI_API, email=f"key-{number}")
            Credential.objects.create(account=row, access_token=f"key-{number}")
        ApiKey.objects.bulk_create(
            ApiKey(name=f"key {number}", digest=api_keys.digest(f"bench {number}")) for number in range(1, keys)
        )
        key = api_keys.issue("bench")
        if resources:
            make_resources(resources)
    for start in range(0, ledger, LEDGER_SLICE):
        fill_ledger(min(LEDGER_SLICE, ledger - start))
    return key


def connect(count: int) -> None:
    """Accounts with a project and a token good for the whole run."""
    rows = Account.objects.bulk_create(
        Account(email=f"account-{number}@example.com", project=f"project-{number}", tier="free-tier")
        for number in range(count)
    )
    until = timezone.now() + timedelta(hours=12)
    Credential.objects.bulk_create(
        Credential(account=row, refresh_token=f"refresh-{row.pk}", access_token=f"access-{row.pk}", expires_at=until)
        for row in rows
    )


def make_resources(count: int) -> None:
    """Files that the first key has made with an account of the public API."""
    project = Project.objects.create()
    account = Account.objects.create(kind="gemini_api", email="key-1", owner_project=project)
    Credential.objects.create(account=account, access_token="key")
    maker = ApiKey.objects.order_by("pk").first()
    Resource.objects.bulk_create(
        Resource(project=project, kind="files", name=f"files/foreign{number:06}", api_key=maker, account=account)
        for number in range(count)
    )


def fill_ledger(count: int) -> None:
    """Copies of one row, spread over the past; made by the database itself, as ten million take a while."""
    account = Account.objects.values_list("pk", flat=True).first()
    sample = UsageRecord(
        at=timezone.now() - timedelta(days=1), request_id="0" * 32, attempt=1, account_id=account, delivered=True,
        account_label="account-0@example.com", dialect="cloud_code", method="generateContent", model="bench-plain",
        upstream_model="bench-plain", endpoint="http://127.0.0.1", outcome="succeeded", status=200, why="affinity",
    )  # fmt: skip
    sample.save()
    columns = [field.column for field in UsageRecord._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(f'"{column}"' for column in columns)
    fresh = {"request_id": "lower(hex(randomblob(16)))", "at": "datetime(at, '-' || n || ' seconds')"}
    values = ", ".join(fresh.get(column, f'"{column}"') for column in columns)
    table = UsageRecord._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s) "
            f'INSERT INTO "{table}" ({names}) SELECT {values} FROM numbers, "{table}" WHERE id = %s',
            [count - 1, sample.pk],
        )


if __name__ == "__main__":
    print(fill(**json.loads(sys.argv[1])))
