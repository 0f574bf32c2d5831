"""Rows of calls without a valid key are bounded."""

from accounts_app.pool.access.strangers import ADDRESSES, ROWS, WINDOW, Strangers


def rows(strangers: Strangers, address: str, calls: int, now: float = 0.0) -> list[str]:
    return [strangers.counted_in(address, "bad key", f"{address}-{number}", now) for number in range(calls)]


def test_the_first_ten_of_an_address_have_rows_and_the_tenth_counts_the_others():
    told = rows(Strangers(), "a", 13)

    assert told == [""] * ROWS + ["a-9"] * 3


def test_each_address_has_its_own():
    strangers = Strangers()
    rows(strangers, "a", 20)

    assert strangers.counted_in("b", "bad key", "b-0", 1.0) == ""


def test_each_kind_of_refusal_has_its_own():
    strangers = Strangers()
    rows(strangers, "a", 20)

    assert strangers.counted_in("a", "no key", "a-20", 1.0) == ""
    assert strangers.counted_in("a", "bad key", "a-21", 1.0) == "a-9"


def test_a_minute_later_they_have_rows_again():
    strangers = Strangers()
    rows(strangers, "a", 20)

    assert strangers.counted_in("a", "bad key", "late", WINDOW - 0.1) == "a-9"
    assert strangers.counted_in("a", "bad key", "later", WINDOW) == ""


def test_a_thousand_addresses_are_counted_apart_and_no_more():
    strangers = Strangers()
    told = [strangers.counted_in(f"address {number}", "bad key", str(number), 0.0) for number in range(50_000)]

    assert repr(strangers) == f"<Strangers {ADDRESSES} addresses>"
    assert told.count("") == ADDRESSES - 1 + ROWS
    assert set(told[ADDRESSES - 1 + ROWS :]) == {str(ADDRESSES - 1 + ROWS - 1)}
