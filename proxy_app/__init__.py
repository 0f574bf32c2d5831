"""What is asked and answered: from an HTTP request to the upstream and back, and the ledger of it."""
