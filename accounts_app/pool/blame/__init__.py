"""Whose fault a failure was, and what a call does next."""
