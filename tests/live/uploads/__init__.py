"""A gateway with one more operation, whose request passes through."""
