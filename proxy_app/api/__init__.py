"""The HTTP surface: routes, keys, views, rendering."""
