"""What an operator does: connect, import, set up, and bulk actions on accounts."""
