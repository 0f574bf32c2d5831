"""Decisions about accounts, without I/O: no Django, no network, no clock; time and limits are arguments."""
