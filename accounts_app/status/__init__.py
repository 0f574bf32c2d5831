"""Status for people: accounts, the pool, eligibility, the inbox, checks, and the webhook that sends them."""
