"""The consent page: an account chooser, a list of what is asked for, Allow and Cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from emulator.wire.replies import Reply, html_reply

_LOOK = """
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 100vh; margin: 0 }
  main { max-width: 26rem; padding: 2rem; border: 1px solid #8886; border-radius: 1rem }
  h1 { font-size: 1.3rem; margin: 0 0 .5rem } p, ul { margin: 0 0 1rem } li, small { opacity: .75 }
  label { display: block; padding: .5rem 0; border-bottom: 1px solid #8883 }
  input[type=email] { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; margin: .75rem 0 }
  footer { display: flex; gap: .75rem; justify-content: flex-end; margin-top: 1.25rem }
  button { font: inherit; padding: .45rem 1.1rem; border-radius: 2rem; border: 1px solid #8886; cursor: pointer }
  button[value=allow] { background: #0b57d0; border-color: #0b57d0; color: #fff }
"""


def consent_page(asked: Mapping[str, str], emails: Sequence[str], *, any_email: bool) -> Reply:
    """The page for an authorize request `asked`; what was asked is carried along in hidden fields."""
    chosen = asked.get("login_hint") or (emails[0] if emails else "")
    if chosen and chosen not in emails and any_email:
        emails = [chosen, *emails]
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items()
    )
    choices = "".join(
        f'<label><input type="radio" name="email" value="{escape(email)}"{" checked" if email == chosen else ""}> '
        f"{escape(email)}</label>"
        for email in emails
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.get("scope", "").split())
    return html_reply(
        _page(
            "Choose an account",
            "<p><small>The emulator's stand-in for Google's sign-in. No real account is involved.</small></p>"
            f'<form method="post" action="/o/oauth2/v2/auth/consent">{hidden}{choices}'
            f"<p>{escape(asked.get('client_id', ''))} wants to use:</p><ul>{scopes}</ul>"
            '<footer><button name="decision" value="deny">Cancel</button>'
            '<button name="decision" value="allow">Allow</button></footer></form>',
        )
    )


def error_page(error: str, description: str) -> Reply:
    text = f"<p>{escape(description)}</p><p><small>Error 400: {escape(error)}</small></p>"
    return html_reply(_page("Access blocked", text), status=400)


def _page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · emulator</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_LOOK}</style></head>'
        f"<body><main><h1>{title}</h1>{content}</main></body></html>\n"
    )
