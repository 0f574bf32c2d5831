"""What goes with interactions and is a project's own: credentials, triggers, voices, webhooks, tokens."""
