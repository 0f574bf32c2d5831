"""The settings that runserver needs at least, for the gateway's API handler."""

from gateway_project.settings.logs import LOGGING as LOGGING

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
DEBUG = False
INSTALLED_APPS = ["daphne"]
ROOT_URLCONF = "tests.live.serving.views"
ASGI_APPLICATION = "tests.live.serving.app.application"
GATEWAY_CORS_ORIGINS = ["https://page.example"]
DATABASES: dict = {}
API_HEARTBEAT_SECONDS = 0.2
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
GATEWAY_BUFFER_MB = 4
GATEWAY_STREAM_DEFAULT = "auto"
