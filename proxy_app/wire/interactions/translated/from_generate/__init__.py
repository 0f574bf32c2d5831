"""An answer of generateContent as an interaction: `readers` make it, of the `pieces` that the answer consists of."""
