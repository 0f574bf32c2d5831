"""What an account has made, and what is lost when it goes: a part of its page."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts_app.actions import projects
from accounts_app.admin.resources import kept
from accounts_app.models import Account, Resource


class AccountResources(kept.MakersPage):
    """Two fields, and what the question before a deletion says."""

    @display(description=gettext_lazy("what it has made"))
    def made(self, account: Account) -> SafeString:
        return kept.table(Resource.objects.filter(account=account.pk), "account", account)

    @display(description=gettext_lazy("if it is deleted"))
    def lost(self, account: Account) -> str:
        """Whether others of its project go on serving what the project has."""
        if what := _lost([account.pk]):
            return _("It is the last account of its project. Nobody could reach any more: %(what)s.") % {
                "what": ", ".join(what)
            }
        return _("Nothing is lost.")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What Django says is deleted with them, and what nobody can reach any more."""
        told, counts, needed, protected = super().get_deleted_objects(objs, request)
        if what := _lost([account.pk for account in objs]):
            told = [*told, _("Nobody can reach any more: %(what)s.") % {"what": ", ".join(what)}]
        return told, counts, needed, protected


def _lost(accounts: list[int]) -> list[str]:
    """Kind by kind."""
    return [kept.number_of(each.kind, each.count) for each in projects.lost_without(accounts)]
