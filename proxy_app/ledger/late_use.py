"""What calls have used that is known only when they are long over: it goes to their rows, and to the sums of now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time

from django.db.models import F

from accounts_app import leasing
from accounts_app.api_keys import usage as key_usage
from accounts_app.pool.outcomes import Outcome
from accounts_app.storage import journal
from accounts_app.storage.existing import Kind, existing
from proxy_app.ledger import hours
from proxy_app.ledger.attempt_log import tokens_of
from proxy_app.ledger.entries import bounded
from proxy_app.models import UsageRecord
from proxy_app.wire.usage import Usage

LATE = "late_use"


@dataclass(frozen=True, slots=True)
class LateUse:
    """What the call `request_id` has used, as far as that was not counted before. `at` is seconds, epoch."""

    request_id: str
    api_key_id: int | None
    account_id: int | None
    model: str
    usage: Usage
    at: float


def count(request_id: str, api_key_id: int | None, account_id: int | None, model: str, usage: Usage) -> None:
    """Count what a call has used: for its row, the sums of now, the project and the API key. Never waits."""
    journal.append(LATE, LateUse(request_id, api_key_id, account_id, model, usage, time()))
    tokens = tokens_of(usage)
    if account_id is not None:
        leasing.used(account_id, tokens.charged, monotonic())
    if api_key_id is not None:
        key_usage.charge(api_key_id, model, tokens)


def _write(rows: list[LateUse]) -> None:
    accounts = existing(Kind.ACCOUNT, {row.account_id for row in rows})
    keys = existing(Kind.API_KEY, {row.api_key_id for row in rows})
    for row in rows:
        added = {name: bounded(getattr(row.usage, name.removesuffix("_tokens"))) for name in hours.TOKENS}
        answers = UsageRecord.objects.filter(request_id=row.request_id, delivered=True)
        answers.update(**{name: F(name) + number for name, number in added.items()})
        hours.add_use(
            {
                "at": datetime.fromtimestamp(row.at, UTC),
                "api_key_id": row.api_key_id if row.api_key_id in keys else None,
                "account_id": row.account_id if row.account_id in accounts else None,
                "model": row.model,
                "outcome": Outcome.SUCCEEDED.value,
                **added,
            }
        )


journal.register(LATE, _write, droppable=True)
