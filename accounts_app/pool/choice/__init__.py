"""Which account is asked."""
