"""The methods of what goes with interactions: credentials, triggers, voices, decisions, webhooks, tokens."""
