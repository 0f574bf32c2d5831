"""Figures for the console, read from sums."""
