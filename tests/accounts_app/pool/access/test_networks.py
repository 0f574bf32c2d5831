"""Networks that calls may come from."""

import pytest

from accounts_app.pool.access.networks import is_loopback, lets_in, network, networks

OFFICE = networks(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"])


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "198.51.100.7", "2001:db8::1", "::ffff:192.0.2.9", "2001:db8::1%eth0"]
)
def test_an_address_in_a_network_is_let_in(address):
    assert lets_in(OFFICE, address)


@pytest.mark.parametrize("address", ["192.0.3.1", "198.51.100.8", "2001:db9::1", "", "somewhere", "192.0.2.1:80"])
def test_an_address_outside_is_not(address):
    assert not lets_in(OFFICE, address)


@pytest.mark.parametrize("address", ["192.0.2.1", ""])
def test_without_a_network_every_address_is_let_in(address):
    assert lets_in((), address)


@pytest.mark.parametrize("written", ["192.0.2.1/24", "office", "192.0.2.0/33", ""])
def test_nonsense_is_no_network(written):
    with pytest.raises(ValueError):
        network(written)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "::1%lo"])
def test_a_loopback_address_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost.example.com", "[::1]", "127.0.0.1:80", ""])
def test_any_other_host_is_not_taken_for_this_machine(host):
    assert not is_loopback(host)
