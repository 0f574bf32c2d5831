"""The operators: Django's own users, in the console's looks."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts_app.admin.upstairs import Tried, lent
from accounts_app.pool.outcomes import Outcome
from proxy_app import figures, trial


async def try_out(account: int) -> Tried:
    """A real call through one account, told in the accounts' words. Raises KeyError when it is gone."""
    told = await trial.ask(account)
    trouble = told.trouble or ("" if told.outcome is Outcome.SUCCEEDED else str(told.outcome))
    return Tried(told.model, told.seconds, trouble)


# The accounts' pages show and do what only rooms above theirs know.
lent.attempts_today = figures.attempts_today
lent.try_out = try_out

admin.site.index_title = _("Overview")
admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class OperatorPage(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "is_staff", "is_superuser", "last_login")
