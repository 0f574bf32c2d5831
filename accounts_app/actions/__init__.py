"""What an operator does with accounts: connect, sign in, import, set up, and bulk actions."""
