"""Settings that would fail quietly, told as Django system checks with an id and a hint."""
