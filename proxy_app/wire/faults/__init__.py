"""What upstream's errors say."""
