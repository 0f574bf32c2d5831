"""Uploads to files and stores, streamed: sessions, the bodies of requests, answers."""
