"""What a node does beside answering calls."""
