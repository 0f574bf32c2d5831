"""What every command has in common: it starts fast, and warns of the gateway's configuration."""

import subprocess
import sys

import pytest
from django.core.management import get_commands, load_command_class

OURS = {name: app for name, app in get_commands().items() if app in ("accounts_app", "proxy_app", "gateway_project")}
# They take as long as all the rest of a short command.
SLOW_IMPORTS = {"aiohttp", "daphne.server", "httpx", "ninja", "gateway_project.urls", "accounts_app.admin"}
LOADING = """
import sys
import django
from django.core.management import load_command_class

django.setup()
for command in sys.argv[1:]:
    load_command_class(*command.split(":"))
print(*sys.modules)
"""


@pytest.mark.parametrize("name", OURS)
def test_a_command_runs_the_checks_of_the_gateway_and_not_those_for_developers(name):
    checks = load_command_class(OURS[name], name).requires_system_checks

    assert list(checks) == ([] if name == "emulator" else ["gateway"])


def test_a_command_that_asks_only_the_database_imports_neither_servers_nor_pages_nor_clients():
    asking = {"add_account", "bootstrap", "export_accounts", "issue_key", "list_accounts", "prune_usage", "revoke_key"}
    command = [sys.executable, "-c", LOADING, *(f"{OURS[name]}:{name}" for name in sorted(asking))]

    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert "accounts_app.models" in imported
    assert SLOW_IMPORTS.isdisjoint(imported)
