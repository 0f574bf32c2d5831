"""The public API on the wire: its paths, its uploads, what it says of a spent quota."""
