"""Names and patterns of models."""
