"""Benchmarks that print ratios: what a call costs, against a floor measured in the same run."""
