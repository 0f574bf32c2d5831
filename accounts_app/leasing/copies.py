"""What makes a file servable beyond its project: its bytes in the spool, and its copies in other projects."""

import asyncio
from contextlib import suppress

from accounts_app.leasing import owners
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.spool import Tee

KEEP_SECONDS = 1.0  # a client waits no longer for its file to be kept

_keeping: SingleFlight[str, None] = SingleFlight("A file is not kept in the spool")


async def keep(tee: Tee, name: str, account: int, sha256_hash: str, size: int) -> None:
    """An upload that `tee` was fed with has become the file `name` of an account, and its row is made.

    `sha256_hash` and `size` are as upstream tells them. Waits for a second at most, and raises nothing.
    """

    async def kept() -> None:
        if await tee.keep(name, account, sha256_hash, size):
            owners.look_up_again(name)

    with suppress(TimeoutError):
        async with asyncio.timeout(KEEP_SECONDS):
            await _keeping.run(name, kept)
