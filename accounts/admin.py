"""Users and tokens in the admin."""

from __future__ import annotations

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import operations
from accounts.errors import LastAdministrator
from accounts.models import ApiToken, User
from batches.sentences import translated

# Log-in to the admin goes through the log-in page, and so through its limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Addresses are kept on the user; allauth's own table stays empty.
admin.site.unregister(EmailAddress)


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic in its types only
    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):  # type: ignore[type-arg]  # likewise
    def clean(self) -> dict[str, Any] | None:
        values: dict[str, Any] | None = super().clean()
        stays = values and values.get("is_superuser") and values.get("is_active")
        if not stays and operations.is_last_administrator(self.instance):
            raise ValidationError(translated(LastAdministrator.sentence))
        return values


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # generic in its types only
    form = UserForm
    add_form = NewUserForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django's, but the last administrator is protected."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        staying = User.objects.administrators().exclude(pk__in=[user.pk for user in objs])
        if not staying.exists():
            protected = [*protected, "the last administrator"]
        return deleted, counts, lacking, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        operations.delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            operations.delete_account(user)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its types only
    """To look at and to revoke. Raw values are nowhere, and digests help nobody."""

    list_display = ("name", "prefix", "user", "created_at", "expires_at", "last_used_at", "status")
    list_filter = ("created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    fields = ("user", "name", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at", "status")
    readonly_fields = fields
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            operations.revoke_token(token)
        messages.success(request, f"Revoked: {len(queryset)}.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
