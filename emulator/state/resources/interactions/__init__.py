"""Interactions, agents and environments of one project."""
