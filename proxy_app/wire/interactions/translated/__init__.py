"""Interactions without state, translated to generateContent and back, for accounts whose upstream has no interactions.

`to_generate` makes the request, `from_generate` the answer of what comes back.
"""
