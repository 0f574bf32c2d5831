"""What an account is asked with, kept up to date: tokens, project, quota and models."""
