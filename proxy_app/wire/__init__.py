"""The protocols, without I/O: bytes and facts in, bytes and decisions out. Time and limits are arguments."""
