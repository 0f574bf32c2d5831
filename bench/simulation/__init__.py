"""Plays the pool through in simulated time, without sockets; `tests/accounts_app/pool` sets the bounds."""
