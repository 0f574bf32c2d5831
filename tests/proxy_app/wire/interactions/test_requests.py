import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.interactions.requests import meant, secrets_in, why_untranslated, with_instruction
from proxy_app.wire.operations import COUNT, OPERATIONS
from proxy_app.wire.operations.rows.interactions import CREATE, CREATE_IN_BACKGROUND, CREATE_STATELESS, CREATE_UNSTORED


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        (b"{}", CREATE),
        (b'{"store": true}', CREATE),
        (b'{"store": null}', CREATE),
        (b'{"store": "false"}', CREATE),
        (b'{"store": false }', CREATE_UNSTORED),
        (b'{"store":false,"background":false}', CREATE_UNSTORED),
        (b'{"store":false,"background":true}', CREATE_IN_BACKGROUND),
        (b'{"background": true}', CREATE_IN_BACKGROUND),
        (b'{"background": "true"}', CREATE),
    ],
)
def test_what_is_not_kept_or_goes_on_alone_is_an_operation_of_its_own(body, operation):
    assert meant(CREATE, read_body(body)) is operation
    assert meant(COUNT, read_body(body)) is COUNT
    assert operation.name == "interactions.create"


@pytest.mark.parametrize(
    ("body", "instruction"),
    [
        (b"{}", b'"Be kind."'),
        (b'{"system_instruction":"Say \\"hi\\"."}', b'"Be kind.\\n\\nSay \\"hi\\"."'),
        (b'{"system_instruction":{"parts":[]}}', b'{"parts":[]}'),
        (b'{"cached_content":"cachedContents/a"}', None),
    ],
)
def test_the_operators_instruction_goes_before_the_clients(body, instruction):
    fields = read_body(body)
    written = with_instruction(fields, "Be kind.", "gemini-3.5-flash")

    assert bytes(written.get("system_instruction", b"")) == (instruction or b"")
    assert with_instruction(fields, "", "gemini-3.5-flash") is fields
    assert with_instruction(fields, "Be kind.", "gemini-3.1-flash-image") is fields


def test_all_long_texts_of_what_holds_a_secret_are_secrets_but_those_that_say_what_it_is():
    (credentials,) = [each for each in OPERATIONS if each.id == "credentials.create"]
    body = read_body(
        b'{"id":"my-credential","type":"bearer_token","token":"abcdef","n":7,"x":{"y":["ghijkl","short"]}}'
    )

    assert secrets_in(credentials, body) == ("abcdef", "ghijkl")
    said = ("name", "mode", "subscribed_events", "injection_location", "revocation_behavior")
    assert secrets_in(credentials, read_body(json.dumps(dict.fromkeys(said, "no secret")).encode())) == ()
    assert secrets_in(CREATE, body) == ()


@pytest.mark.parametrize(
    ("operation", "body", "why"),
    [
        (CREATE, b"{}", "An interaction that is stored"),
        (CREATE_IN_BACKGROUND, b'{"store":false,"background":true}', "An interaction in the background"),
        (CREATE_UNSTORED, b'{"store":false,"agent":"a"}', "`agent`"),
        (CREATE_UNSTORED, b'{"store":false}', "'model' is required."),
        (CREATE_STATELESS, b"{}", None),
        (COUNT, b"{}", None),
    ],
)
def test_what_only_the_interactions_api_can_answer_is_told_why(operation, body, why):
    refusal = why_untranslated(operation, read_body(body, keeps_model=True))

    assert (refusal and str(refusal).startswith(why)) == (True if why else None)
