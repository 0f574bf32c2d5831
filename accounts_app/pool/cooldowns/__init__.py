"""How long an account stays out, and how it comes back."""
