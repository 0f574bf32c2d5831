"""An interaction as a request of generateContent: `request` makes it."""
