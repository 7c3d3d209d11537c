"""The admin's pages: people, bots, invites and tokens; no secret is shown twice."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.admin_bots import BotAdmin
from accounts.admin_people import UserAdmin, actor_of
from accounts.links import invite_path
from accounts.models import Bot, Community, Invite, Token, User
from livechat.lib import limits

_sign_in_page = secure_admin_login(admin.site.login)


def admin_login(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> HttpResponse:
    """allauth's sign-in, with its limits; members find nothing here."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise Http404("Not yours to see.")
    response: HttpResponse = _sign_in_page(request, extra_context)
    return response


admin.site.login = admin_login  # type: ignore[method-assign] # allauth's documented way

# With an address or a secret of allauth an admin could take over an owner; groups mean
# nothing.
for model in (Authenticator, EmailAddress, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


admin.site.register(User, UserAdmin)
admin.site.register(Bot, BotAdmin)


@admin.register(Community)
class CommunityAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """The site's one row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only while there is none."""
        return not Community.objects.exists()

    def has_delete_permission(
        self, request: HttpRequest, obj: Community | None = None
    ) -> bool:
        """Nobody."""
        return False


class InviteForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """How many people an invite lets in, and until when; the limits of every invite."""

    max_uses = forms.IntegerField(min_value=1, max_value=limits.INVITE_MAX_USES)

    def clean_expires_at(self) -> datetime:
        """A time to come, INVITE_MAX_DAYS away at most."""
        expires_at: datetime = self.cleaned_data["expires_at"]
        now = timezone.now()
        if not now < expires_at <= now + timedelta(days=limits.INVITE_MAX_DAYS):
            most = limits.INVITE_MAX_DAYS
            sentence = gettext("Choose a time within the next {days} days.")
            raise ValidationError(sentence.format(days=most))
        return expires_at


@admin.register(Invite)
class InviteAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """Invites; the link is shown when one is made, to delete one is to revoke it."""

    form = InviteForm
    fields = ("max_uses", "expires_at")
    list_display = ("created_by", "created_at", "expires_at", "uses", "max_uses")
    list_select_related = ("created_by",)

    def has_change_permission(
        self, request: HttpRequest, obj: Invite | None = None
    ) -> bool:
        """Nobody: revoke it and make another."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Invite, form: Any, change: bool
    ) -> None:
        """Store with a new code, and show the link."""
        code = obj.renew_code()
        obj.created_by = actor_of(request)
        super().save_model(request, obj, form, change)
        link = request.build_absolute_uri(invite_path(code))
        sentence = gettext("Send this link; it is shown once: {link}")
        self.message_user(request, sentence.format(link=link))


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """Tokens of programs, to see and to delete; commands make them."""

    fields = ("user", "name", "created_at")
    readonly_fields = fields
    list_display = ("name", "user", "created_at")
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: whoever holds a token is that person."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Token | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        """All tokens for owners; for admins those of an owner do not exist."""
        tokens: QuerySet[Token] = super().get_queryset(request)
        if actor_of(request).role == User.Role.OWNER:
            return tokens
        return tokens.exclude(user__role=User.Role.OWNER)
