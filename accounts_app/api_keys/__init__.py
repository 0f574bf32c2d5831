"""Client keys: issued and verified, what they have used, and the rows of that."""
