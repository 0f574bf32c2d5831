"""HTTP messages: what is read from a request's head, and what stands on every answer."""
