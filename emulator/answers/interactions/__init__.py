"""What models and agents answer in an interaction: steps, events, usage."""
