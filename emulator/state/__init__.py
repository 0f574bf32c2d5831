"""What the emulator knows: accounts, models, quotas, scripts, recordings."""
