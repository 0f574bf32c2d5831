"""A file remembers that real accounts were connected; without its folder nothing is remembered."""

from accounts_app.storage import real_accounts


def test_it_is_remembered_until_the_file_is_gone(settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    assert not real_accounts.have_been()

    real_accounts.note()
    real_accounts.note()
    assert real_accounts.have_been()
    assert "demo account" in (tmp_path / real_accounts.FILE).read_text(encoding="utf-8")

    real_accounts.reset()
    assert not real_accounts.have_been()


def test_without_a_data_directory_nothing_is_written(settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path / "none"

    real_accounts.note()

    assert not real_accounts.have_been()
    assert list(tmp_path.iterdir()) == []
