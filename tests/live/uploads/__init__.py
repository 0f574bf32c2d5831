"""A gateway with one more method of the API, whose request body is streamed upstream."""
