"""The page of operators, who are Django's users; and the functions that the pages of accounts use from above them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts_app.admin.hooks import AccountTest, hooks
from accounts_app.pool.outcomes import Outcome
from gateway_project.console import permissions, second_factor
from proxy_app.forwarding.checks import account_test
from proxy_app.forwarding.placement import on_behalf
from proxy_app.reports import figures


async def test_account(account: int) -> AccountTest:
    """A real call through one account. Raises KeyError when the account is gone."""
    told = await account_test.ask(account)
    trouble = told.trouble or ("" if told.outcome is Outcome.SUCCEEDED else str(told.outcome))
    return AccountTest(told.model, told.seconds, trouble)


# The pages of accounts use these functions of proxy_app, which accounts_app may not import.
hooks.attempts_today = figures.attempts_today
hooks.test_account = test_account
hooks.delete_resource = on_behalf.delete
hooks.cancel_resource = on_behalf.cancel

admin.site.index_title = _("Overview")
admin.site.unregister(TOTPDevice)  # its page shows keys
admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class OperatorPage(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "is_staff", "is_superuser", "two_factor", "last_login")
    actions = ("turn_off_two_factor",)

    # Only superusers give rights. Others who may change users could otherwise take any right, by these fields or by
    # setting a superuser's password or name.

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *permissions.RIGHTS_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and permissions.may_touch(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and permissions.may_touch(request.user, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        phones = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).annotate(has_phone=Exists(phones))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **options)
        if field is not None and db_field.name == "user_permissions":
            field.queryset = permissions.to_give(field.queryset)
            field.label_from_instance = permissions.in_words
        return field

    @display(description=_("two-factor sign-in"), boolean=True)
    def two_factor(self, operator: User) -> bool:
        return operator.has_phone  # type: ignore[attr-defined]

    def has_turn_off_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    @admin.action(description=_("Turn off two-factor sign-in (lost phone)"), permissions=["turn_off"])
    def turn_off_two_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for operator in chosen:
            if second_factor.turn_off(operator):
                self.log_change(request, operator, str(_("Two-factor sign-in turned off.")))
                self.message_user(request, _("%(name)s: two-factor sign-in is now off.") % {"name": operator})
