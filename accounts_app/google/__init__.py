"""What is asked of Google about an account: tokens, the user's address, onboarding."""
