"""Names of resources: as they are written, as addresses, and those that a call has."""
