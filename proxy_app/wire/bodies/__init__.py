"""What clients send: JSON, compressed or lenient, read as far as a gateway has to."""
