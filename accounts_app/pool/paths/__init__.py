"""The ways to upstream: endpoints, egresses and their health."""
