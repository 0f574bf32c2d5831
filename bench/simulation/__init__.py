"""The pool played through in simulated time, without sockets; `tests/accounts_app/pool` holds it to bounds."""
