"""The console's first page: how the gateway is and how it has been, in one look."""
