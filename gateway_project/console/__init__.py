"""The console's surroundings: sign-in, overview, permissions, theme."""
