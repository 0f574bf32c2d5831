"""Traditional Chinese, as in Taiwan."""
