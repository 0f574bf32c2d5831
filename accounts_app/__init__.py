"""Who can answer a call, and who may ask: accounts, their credentials, client keys and settings."""
