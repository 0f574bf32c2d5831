"""daphne's server with back-pressure, limits and a drain."""
