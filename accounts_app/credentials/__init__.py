"""What calls to Google need of an account, kept up to date: tokens, project, quota and models."""
