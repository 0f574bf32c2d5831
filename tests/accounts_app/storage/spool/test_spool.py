"""The spool: encrypted on disk, complete or not at all, within its bound, gone in time; never an upload's trouble."""

import base64
import hashlib
import os
import time
from pathlib import Path

import pytest
from django.utils import timezone

from accounts_app import roster
from accounts_app.leasing import copies, owners
from accounts_app.models import Resource, SpooledFile
from accounts_app.models.encryption import new_key
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import spool, worker
from accounts_app.storage.spool import folder, tee
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

TEXT = b"The quick brown fox jumps over the lazy dog. " * 20_000  # 900 kB: four pieces on disk
NOBODY = Tenant()


@pytest.fixture(autouse=True)
def place(settings, tmp_path) -> Path:
    settings.GATEWAY_DATA_DIR = tmp_path
    yield tmp_path / "spool"
    worker.shutdown(within=2.0)


@pytest.fixture
async def account() -> int:
    def make() -> int:
        row = make_account("key-1", kind="gemini_api")
        roster.load_now()
        return row.pk

    return await in_database(make)


def hash_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()


async def kept(account: int, name: str, content: bytes = TEXT, said: bytes | None = None, **options) -> bool:
    """Upload `content` past the spool, where upstream says that it got `said`."""
    said = content if said is None else said
    await owners.made(name, account, NOBODY)
    taking = spool.Tee(**options)
    for start in range(0, len(content), 60_000):
        await taking.feed(content[start : start + 60_000])
    await copies.keep(taking, name, account, hash_of(said), len(said))
    return await SpooledFile.objects.filter(resource__name=name).aexists()


async def read(name: str) -> bytes | None:
    row = await SpooledFile.objects.aget(resource__name=name)
    return await spool.read(row.path, row.size)


async def test_a_file_is_kept_encrypted_and_read_again(account, place):
    assert await kept(account, "files/a")

    (on_disk,) = place.iterdir()
    row = await SpooledFile.objects.select_related("resource").aget()
    assert await read("files/a") == TEXT
    assert (row.size, row.sha256) == (len(TEXT), hashlib.sha256(TEXT).hexdigest())
    assert row.expires_at > timezone.now()
    assert b"quick brown fox" not in on_disk.read_bytes()
    assert (on_disk.stat().st_mode & 0o777, place.stat().st_mode & 0o777) == (0o600, 0o700)
    assert on_disk.stat().st_size > len(TEXT)


async def test_an_upload_of_several_requests_is_one_file(account, place):
    await owners.made("files/a", account, NOBODY)
    for start, end in ((0, 300_001), (300_001, 600_000), (500_000, len(TEXT))):  # the last repeats what upstream lost
        taking = spool.Tee("the upload", offset=start)
        await taking.feed(TEXT[start:end])
        await taking.close()

    last = spool.Tee("the upload", offset=len(TEXT))  # it ends the upload, and brings nothing
    await copies.keep(last, "files/a", account, hash_of(TEXT), len(TEXT))

    assert await read("files/a") == TEXT
    assert len(list(place.iterdir())) == 1


@pytest.mark.parametrize("said", [TEXT[:-1], TEXT[:-1] + b"!", b""])
async def test_what_upstream_did_not_get_so_is_not_kept(said, account, place):
    assert not await kept(account, "files/a", said=said)
    assert not list(place.iterdir())


async def test_an_upload_whose_beginning_went_elsewhere_is_not_kept(account):
    await owners.made("files/a", account, NOBODY)
    taking = spool.Tee("the upload", offset=1000)
    await taking.feed(TEXT[1000:])
    await copies.keep(taking, "files/a", account, hash_of(TEXT), len(TEXT))

    assert not await SpooledFile.objects.aexists()


async def test_large_files_are_not_kept(account, place, settings):
    settings.GATEWAY_SPOOL_MB = 4

    assert not await kept(account, "files/a", TEXT * 2)
    assert not await kept(account, "files/b", TEXT * 2, size=2 * len(TEXT))
    assert not list(place.iterdir())


async def test_without_a_spool_nothing_is_written(account, place, settings):
    settings.GATEWAY_SPOOL_MB = 0

    assert not await kept(account, "files/a")
    assert not place.exists()


async def test_the_file_used_longest_ago_makes_room(account, settings, place):
    settings.GATEWAY_SPOOL_MB = 4
    for name in ("files/a", "files/b"):
        assert await kept(account, name)
    for at, name in ((3000, "files/a"), (4000, "files/b")):
        path = settings.GATEWAY_DATA_DIR / (await SpooledFile.objects.aget(resource__name=name)).path
        os.utime(path, (time.time() - at, path.stat().st_mtime))
    await read("files/b")

    assert await kept(account, "files/c")
    assert await kept(account, "files/d")
    assert await kept(account, "files/e")

    rows = SpooledFile.objects.order_by("resource__name").values_list("resource__name", "path")
    held = [name async for name, path in rows if spool.holds(path)]
    assert held == ["files/b", "files/c", "files/d", "files/e"]
    assert sum(path.stat().st_size for path in place.iterdir()) <= 4 * 1024 * 1024


async def test_files_go_when_they_have_expired_or_nobody_has_them(account, place):
    for name in ("files/a", "files/b"):
        assert await kept(account, name)
    abandoned = spool.Tee("somebody's", size=10)
    await abandoned.feed(b"0123")
    await abandoned.close()
    now = time.time()

    assert await spool.sweep(now) == 0
    await Resource.objects.filter(name="files/a").adelete()
    assert await spool.sweep(now + 120) == 1
    assert len(list(place.iterdir())) == 2
    assert await spool.sweep(now + folder.UPLOAD_LIVES + 60) == 1
    assert await read("files/b") == TEXT
    assert await spool.sweep(now + folder.LIVES + 60) == 1
    assert not list(place.iterdir())


async def test_a_file_that_was_altered_or_whose_key_is_gone_is_not_read(account, place, settings):
    await kept(account, "files/a")
    await kept(account, "files/b")
    paths = {row.resource_id: row.path async for row in SpooledFile.objects.all()}
    altered, other = (settings.GATEWAY_DATA_DIR / path for path in paths.values())
    whole = bytearray(altered.read_bytes())
    whole[-1] ^= 1
    altered.write_bytes(whole)

    assert await spool.read(f"spool/{altered.name}", len(TEXT)) is None
    assert spool.holds(f"spool/{other.name}")
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]
    assert not spool.holds(f"spool/{other.name}")
    assert await spool.read(f"spool/{other.name}", len(TEXT)) is None
    assert await spool.read("spool/none", 1) is None


async def test_a_disk_that_is_full_or_cannot_be_written_keeps_nothing_and_breaks_nothing(
    account, place, monkeypatch, caplog
):
    monkeypatch.setattr(folder, "LEFT_FREE", 2**62)
    assert not await kept(account, "files/a")
    monkeypatch.undo()

    place.rmdir()
    place.write_text("a file where the folder should be")
    assert not await kept(account, "files/b")
    assert not await kept(account, "files/c")
    assert caplog.text.count("The spool cannot be written") == 1
    assert tee._is_writable is False

    place.unlink()
    assert await kept(account, "files/d")
    assert tee._is_writable is True


async def test_files_are_encrypted_anew_when_the_key_is_rotated(account, place, settings):
    assert await kept(account, "files/a")
    assert await kept(account, "files/b", b"short")
    (place / "7-0123456789abcdef0123456789abcdef").write_bytes(b"no file of the spool")
    for path in place.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    old, new = settings.GATEWAY_ENCRYPTION_KEYS, [new_key()]
    settings.GATEWAY_ENCRYPTION_KEYS = [*new, *old]

    assert (spool.rotate(), spool.rotate()) == (2, 0)
    assert {path.stat().st_mtime for path in place.iterdir()} == {1_700_000_000}
    assert len(list(place.iterdir())) == 3
    settings.GATEWAY_ENCRYPTION_KEYS = new

    assert await read("files/a") == TEXT
    assert await read("files/b") == b"short"


async def test_a_file_is_continued_behind_the_last_whole_piece(account, place):
    first = spool.Tee("the upload")
    await first.feed(TEXT[:400_000])
    await first.close()
    (part,) = place.iterdir()
    with part.open("ab") as file:
        file.write(b"\x00\x00\x10\x00cut")  # the process died here

    await owners.made("files/a", account, NOBODY)
    second = spool.Tee("the upload", offset=400_000)
    await second.feed(TEXT[400_000:])
    await copies.keep(second, "files/a", account, hash_of(TEXT), len(TEXT))

    assert await read("files/a") == TEXT
