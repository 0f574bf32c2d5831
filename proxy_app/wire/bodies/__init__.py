"""Reading the bodies that clients send: JSON, compressed or lenient, as far as a gateway has to."""
