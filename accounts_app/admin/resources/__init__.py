"""The console's pages about resources and the Google projects that have them."""
