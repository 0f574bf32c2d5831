"""How long an account cools down, and how it comes back."""
