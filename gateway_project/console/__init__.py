"""The parts of the console that belong to no app: middleware, overview, sign-in, permissions."""
