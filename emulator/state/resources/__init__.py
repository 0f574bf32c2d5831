"""What a project has made besides files: caches, jobs, stores with their documents, and the older kinds."""
