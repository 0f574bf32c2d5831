"""Signing in with Google: the endpoints of OAuth, their page, and who somebody is."""
