"""The emulator's HTTP: sockets, messages, errors, faults."""
