"""The admin's page of bots: each is made with a token, which is shown once.

The rule it guards: a bot is nobody who can log in. It has no address to change, no
password to choose and no role on the site.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.admin_people import UserAdmin, UserForm, actor_of
from accounts.models import Bot, User


class BotForm(UserForm):
    """What a bot is called, and whether it may come in."""

    class Meta:
        model = Bot
        fields = ("display_name", "is_active")


class BotAdmin(UserAdmin):
    """Bots. Rooms take them in as they take in people."""

    form = BotForm
    of_bots = True
    list_display = ("display_name", "public_id", "is_active", "created_at")
    list_filter: ClassVar[tuple[str, ...]] = ("is_active",)
    search_fields: ClassVar[tuple[str, ...]] = ("display_name",)
    actions = ("make_token", "erase_people")

    def get_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        """A new bot needs no more than a name."""
        return ("display_name",) if obj is None else ("display_name", "is_active")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Owners and admins, as all of the admin."""
        return self.has_view_permission(request)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Store; a new bot gets a token, which is shown."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            self._show(request, obj, actions.make_bot(obj))

    @admin.action(description=_("Make a new token; those before it end"))
    def make_token(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Show a token for each bot that may come in.

        Whoever has it reads what the bot reads: so its program notices, and its rooms
        and the admin's log say who it was.
        """
        for bot in queryset.filter(is_active=True)[:20]:
            self._show(request, bot, actions.renew_token(bot, actor_of(request)))
            self.log_change(request, bot, gettext("Made a new token."))

    def _show(self, request: HttpRequest, bot: User, token: str) -> None:
        sentence = gettext("The token of {bot}, which is shown this once: {token}")
        self.message_user(request, sentence.format(bot=bot, token=token))
