"""How things are, for people: checks, the inbox, states, reasons, and the webhook that tells of them."""
