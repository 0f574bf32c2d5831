"""The gateway's settings for tests: nothing of this machine's environment, and a temporary data directory.

The database is SQLite, or the PostgreSQL that the second half of `python -m tests` names.
"""

import atexit
import os
import shutil
import tempfile

from tests import postgres

for name in list(os.environ):
    if name.startswith(
        ("GATEWAY_", "CLOUD_CODE_", "GEMINI_API_", "GOOGLE_", "DATABASE_", "CACHE_")
    ) or name.lower() in ("https_proxy", "no_proxy"):
        del os.environ[name]

data_directory = tempfile.mkdtemp(prefix="gateway-tests-")
atexit.register(shutil.rmtree, data_directory, ignore_errors=True)
os.environ["GATEWAY_ENV_FILE"] = os.devnull
os.environ["GATEWAY_DATA_DIR"] = data_directory
if database_url := postgres.given():
    os.environ["DATABASE_URL"] = database_url

from gateway_project.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a sign-in would take 100 ms otherwise
