"""Interactions, agents and environments of the public API."""
