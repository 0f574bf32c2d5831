"""The interactions API: its requests, its events, its counts of tokens."""
