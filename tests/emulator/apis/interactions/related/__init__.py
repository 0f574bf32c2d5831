"""What goes with interactions: credentials, triggers, voices, decisions, webhooks, tokens."""
