"""Tools: functions that the client runs, and those that Google runs."""
