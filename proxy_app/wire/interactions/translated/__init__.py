"""Interactions without state, translated to generateContent and back, for accounts whose upstream has no interactions.

`request` makes the request, with `contents`, `tools` and `config`; `readers` make the answer of what comes back, with
`answers`, `pieces`, `grounding`, `status`, `stream` and `whole`.
"""
