"""Whether the tests of the pure parts would notice a slip: small mutations of the code, which they have to fail on."""
