"""The ASGI handler of the API's paths."""
