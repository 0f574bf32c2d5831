"""The request log: a row an attempt, sums by the hour, retention."""
