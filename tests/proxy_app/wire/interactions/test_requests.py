import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.interactions.requests import meant
from proxy_app.wire.operations import COUNT
from proxy_app.wire.operations.rows.interactions import CREATE, CREATE_UNSTORED


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        (b"{}", CREATE),
        (b'{"store": true}', CREATE),
        (b'{"store": null}', CREATE),
        (b'{"store": "false"}', CREATE),
        (b'{"store": false }', CREATE_UNSTORED),
        (b'{"store":false,"background":false}', CREATE_UNSTORED),
        (b'{"store":false,"background":true}', CREATE),
    ],
)
def test_what_is_not_kept_is_an_operation_of_its_own(body, operation):
    assert meant(CREATE, read_body(body)) is operation
    assert meant(COUNT, read_body(body)) is COUNT
    assert operation.name == "interactions.create"
