"""What a key and a group may use, as their clients hear of it."""
