"""Upstream's responses to the byte: public responses in v1internal's envelope."""

from emulator import Reply

SSE = "text/event-stream"

FINISHED = b'{"candidates": [{"content": {"role": "model","parts": [{"text": "."}]},"finishReason": "STOP"}]}'


def a_stream(*responses: bytes, **fields) -> Reply:
    """A stream of these responses, one event and one write each."""
    return Reply(chunks=[an_event(response) for response in responses], content_type=SSE, **fields)


def an_event(response: bytes) -> bytes:
    return b'data: {"response": ' + response + b',"traceId": "0123456789abcdef"}\r\n\r\n'


def an_answer(response: bytes) -> Reply:
    """A plain answer."""
    return Reply(chunks=[b'{\n  "response": ' + response + b',\n  "traceId": "0123456789abcdef"\n}\n'], sized=True)


def a_text(text: str, finish: str = "") -> bytes:
    """A response that says `text`, and `finish` where it is the last."""
    ending = f',"finishReason": "{finish}"' if finish else ""
    return f'{{"candidates": [{{"content": {{"role": "model","parts": [{{"text": "{text}"}}]}}{ending}}}]}}'.encode()
