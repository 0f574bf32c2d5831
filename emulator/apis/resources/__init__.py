"""The public API's methods on what a project has made, and the embeddings."""
