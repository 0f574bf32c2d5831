"""Google's own SDKs as the gateway's clients: each in a directory of its own, walking through its plan in a process."""
