"""How the database is written and shared: the journal, the one database thread, upserts and claims."""
