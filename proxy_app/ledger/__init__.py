"""The request log: one row an attempt, sums by hour, logged prompts and responses, retention."""
