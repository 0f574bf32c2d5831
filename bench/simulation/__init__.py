"""The pool's decisions played through in simulated time: no sockets, no clock; what `tests/pool` holds to bounds."""
