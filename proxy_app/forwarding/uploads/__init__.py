"""Requests of upload sessions, and the last answers that were lost."""
