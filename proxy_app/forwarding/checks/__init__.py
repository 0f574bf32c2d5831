"""What accounts and paths are asked without a call: an operator's test, rechecks of accounts, probes of paths."""
