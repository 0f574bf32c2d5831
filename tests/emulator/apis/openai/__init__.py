"""The OpenAI layer of the public API."""
