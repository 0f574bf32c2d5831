"""Whose fault a failure was, and where a call goes next."""
