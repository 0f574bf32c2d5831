"""The rows of the table, family by family."""
