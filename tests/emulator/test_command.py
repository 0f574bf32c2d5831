"""`manage.py emulator`, in a process of its own."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.documents import ROOT


def test_it_runs_alone_until_it_is_told_to_stop(http: httpx.Client, tmp_path: Path):
    command = [sys.executable, "manage.py", "emulator", "--port", "0"]
    environment = {"GATEWAY_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = re.search(r"http://\S+", running.stdout.readline())[0]

        models = http.get(f"{url}/v1beta/models", headers={"x-goog-api-key": "any"})
        running.send_signal(signal.SIGTERM)

    assert models.status_code == 200
    assert running.returncode == 0
