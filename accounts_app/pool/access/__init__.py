"""What a client key may use, from where, and how much."""
