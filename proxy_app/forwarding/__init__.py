"""The road of one call: attempts, exchange, relay."""
