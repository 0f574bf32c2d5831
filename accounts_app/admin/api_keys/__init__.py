"""The console's pages about API keys."""
