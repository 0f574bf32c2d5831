"""Which account answers a call."""
