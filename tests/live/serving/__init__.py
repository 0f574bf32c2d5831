"""A small Django project around the gateway's API handler, to be served in a process of its own."""
