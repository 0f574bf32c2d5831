"""How answers are framed: server-sent events, JSON arrays, masks."""
