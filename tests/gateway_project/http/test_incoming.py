"""Reading `receive` of servers that are not ours."""

import asyncio

import pytest

from gateway_project.http.incoming import incoming
from gateway_project.server.inbox import FULL_BYTES, ClientLeft, Inbox


class Server:
    """A server whose `receive` returns a message whenever it is called, and counts the calls."""

    def __init__(self, *bodies, ends=True):
        self.messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
        if ends:
            self.messages.append({"type": "http.request"})
        self.asked = 0
        self.left = asyncio.Event()

    async def receive(self):
        self.asked += 1
        if self.messages:
            return self.messages.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}


async def others():
    for _ in range(20):
        await asyncio.sleep(0)


def test_our_own_servers_inbox_is_used_itself():
    inbox = Inbox()

    assert incoming(inbox.receive, []) is inbox


async def test_a_body_is_read_whole():
    inbox = incoming(Server(b"one", b"", b"two").receive, [(b"content-length", b"6")])

    assert (inbox.length, await inbox.whole(100)) == (6, b"onetwo")
    inbox.close()


@pytest.mark.parametrize("headers", [[], [(b"transfer-encoding", b"chunked")], [(b"content-length", b"many")]])
async def test_without_a_valid_length_it_is_unknown(headers):
    inbox = incoming(Server().receive, headers)

    assert inbox.length is None
    inbox.close()


async def test_a_hang_up_is_noticed_while_the_body_is_not_read():
    server, told = Server(), []
    inbox = incoming(server.receive, [])
    inbox.on_hang_up = lambda: told.append("gone")
    await others()
    assert not told

    server.left.set()
    await others()

    assert told == ["gone"]


async def test_no_more_is_received_than_is_read():
    server = Server(*[b"x" * (FULL_BYTES // 2)] * 9)
    inbox = incoming(server.receive, [])
    await others()
    assert server.asked == 2

    await anext(inbox)
    await others()

    assert server.asked == 3
    assert len(await inbox.whole(9 * FULL_BYTES)) == 4 * FULL_BYTES
    inbox.close()


async def test_a_client_that_disconnects_interrupts_its_body():
    server = Server(b"one", ends=False)
    server.left.set()

    with pytest.raises(ClientLeft):
        await incoming(server.receive, []).whole(100)


async def test_closing_it_ends_the_reading():
    server = Server()
    inbox = incoming(server.receive, [])
    await others()

    inbox.close()
    await others()

    assert len(asyncio.all_tasks()) == 1
