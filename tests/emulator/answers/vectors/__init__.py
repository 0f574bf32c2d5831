"""The stand-in's sense of what texts mean."""
