"""The client of a request, with and without proxies."""

import pytest

from gateway_project.messages import forwarded

TRUSTED = forwarded.networks(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"])


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "6.6.6.6", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("10.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
        ("10.0.0.1", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8:2::1]:4711", "2001:db8:2::1"),
        ("10.0.0.1", "2001:db8:2::1", "2001:db8:2::1"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1::9", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, nonsense, 10.1.2.3", "10.1.2.3"),
    ],
)
def test_the_client_is_the_last_address_no_trusted_proxy_has(peer, said, client):
    assert forwarded.client_address(peer, said, TRUSTED) == client


def test_a_trusted_proxy_also_sets_the_scheme():
    scope = scope_from("10.0.0.1", (b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-proto", b"https"))

    forwarded.resolve(scope, TRUSTED)

    assert (scope["client"], scope["scheme"]) == (["192.0.2.7", 0], "https")


def test_repeated_headers_are_read_as_one_list():
    scope = scope_from("10.0.0.1", (b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.7, 10.0.0.9"))

    forwarded.resolve(scope, TRUSTED)

    assert scope["client"] == ["192.0.2.7", 0]


def test_forwarding_headers_of_an_untrusted_client_are_removed():
    scope = scope_from(
        "192.0.2.1", (b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-proto", b"https"), (b"accept", b"*")
    )

    forwarded.resolve(scope, TRUSTED)

    assert (scope["client"], scope["scheme"]) == (["192.0.2.1", 4711], "http")
    assert scope["headers"] == [(b"accept", b"*")]


def test_an_invalid_network_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"proxy\.example"):
        forwarded.networks(["proxy.example"])


def scope_from(peer, *headers):
    return {"client": [peer, 4711], "scheme": "http", "headers": list(headers)}
