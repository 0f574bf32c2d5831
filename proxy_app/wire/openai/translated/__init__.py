"""The OpenAI layer for accounts that have none, or whose layer refuses their key: its requests as those of Google's own
API, and the answers back.

`native` makes the call, `readers` read its answer.
"""
