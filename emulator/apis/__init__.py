"""The emulated APIs of Google."""
