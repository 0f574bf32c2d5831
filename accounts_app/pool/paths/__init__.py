"""The paths to upstream: endpoints, egresses and their health."""
