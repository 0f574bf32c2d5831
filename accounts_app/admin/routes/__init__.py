"""The console's pages about model routes."""
