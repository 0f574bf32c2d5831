import pytest

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.operations import COUNT, GENERATE, OPERATIONS, STREAM, Gives


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_row_holds_together(operation):
    assert operation.http in ("GET", "POST", "PATCH", "PUT", "DELETE")
    assert operation.named_by == "" or "{" in operation.template
    assert not operation.makes or operation.repeat is not Repeat.ALWAYS, "what makes something may not be made twice"
    assert operation not in SERVED or operation.gives in (Gives.ANSWER, Gives.EVENTS)


def test_every_operation_has_a_name_of_its_own():
    assert len({operation.id for operation in OPERATIONS}) == len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    assert [operation.name for operation in (GENERATE, STREAM, COUNT)] == [
        "generateContent",
        "streamGenerateContent",
        "countTokens",
    ]
    assert repr(GENERATE) == "<Operation models.generateContent>"
