"""daphne as an app: its command `runserver`, without the server, which daphne's own app imports in every command."""

from django.apps import AppConfig


class Daphne(AppConfig):
    name = "daphne"
