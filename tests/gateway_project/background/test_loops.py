"""The loops go on after errors, and log each one once."""

import asyncio
import logging

import pytest
from django.db import OperationalError

from gateway_project.background.loops import repeat


async def test_an_outage_is_one_line_at_its_start_and_one_at_its_end(caplog):
    results = [None, OperationalError("gone"), OperationalError("gone"), None, None]

    await run_through(results)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "The roster is not up to date: gone"),
        ("WARNING", "Over: The roster is not up to date."),
    ]


async def test_each_new_error_is_logged_though_there_was_one_before(caplog):
    gone, odd = OperationalError("gone"), TypeError("odd")

    await run_through([gone, odd, gone, odd, OperationalError("locked"), None])

    assert [record.getMessage() for record in caplog.records] == [
        "The roster is not up to date: gone",
        "The roster is not up to date: odd",
        "The roster is not up to date: locked",
        "Over: The roster is not up to date.",
    ]


async def test_a_bug_is_logged_with_its_traceback_and_the_loop_goes_on(caplog):
    await run_through([ZeroDivisionError("one"), None])

    assert caplog.records[0].exc_info[0] is ZeroDivisionError
    assert caplog.records[-1].levelno == logging.WARNING


async def run_through(results):
    """The loop's work returns or raises each of `results` once."""
    left = iter(results)
    done = asyncio.Event()

    async def work():
        result = next(left, done)
        if result is done:
            done.set()
        elif result is not None:
            raise result

    loop = asyncio.ensure_future(repeat("The roster is not up to date", work, 0))
    await done.wait()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
