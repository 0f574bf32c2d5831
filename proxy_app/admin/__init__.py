"""The console's pages about calls, one file a page."""

from proxy_app.admin import captured_page, ledger_page

__all__ = ["captured_page", "ledger_page"]
