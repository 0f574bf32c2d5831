"""What answers say of resources, written down, and the lists of them."""
