"""What a project has made: files, caches, jobs, stores with their documents, and the older kinds."""
