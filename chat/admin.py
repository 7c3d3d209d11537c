"""The admin's pages of rooms; no message and no member is shown.

The rules it guards: every change goes through chat.actions, so that the lobby and the
rooms hear of it as they would of any other; and nobody opens a private room to
themselves. Who belongs to a room is decided on the room's own page of members.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import actions, room_settings
from chat.access import can
from chat.models import Room
from chat.room_names import TAKEN, is_taken
from livechat.lib import limits
from livechat.lib.text import TextError, normalise_name


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets in nobody else
    return request.user


class RoomForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """A room's name, description and privacy."""

    class Meta:
        model = Room
        fields = ("name", "description", "is_private")

    def clean_name(self) -> str:
        """The name on one line, nothing hidden in it."""
        return _one_line(self.cleaned_data["name"], limits.NAME_MAX_LENGTH)

    def clean_description(self) -> str:
        """The description, the same way; it may be empty."""
        text = self.cleaned_data["description"]
        return _one_line(text, limits.DESCRIPTION_MAX_LENGTH) if text else ""

    def clean(self) -> dict[str, Any]:
        """No name that another public room has."""
        data = super().clean() or self.cleaned_data
        name, is_private = data.get("name"), data.get("is_private")
        is_new = "name" in self.changed_data or "is_private" in self.changed_data
        if name and is_new and not is_private and is_taken(name, but=self.instance):
            self.add_error("name", TAKEN)
        return data


def _one_line(text: str, max_length: int) -> str:
    try:
        return normalise_name(text, max_length=max_length)
    except TextError as error:
        raise ValidationError(str(error)) from error


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """Rooms."""

    form = RoomForm
    list_display = ("name", "is_private", "members", "created_at")
    list_filter = ("is_private",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        """Rooms with their member counts, in one query; no direct messages."""
        rooms: Any = super().get_queryset(request)
        counted: QuerySet[Room] = rooms.without_directs().with_member_count()
        return counted

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, room: Any) -> int:
        """How many belong to it."""
        return int(room.member_count)

    def has_change_permission(
        self, request: HttpRequest, obj: Room | None = None
    ) -> bool:
        """Who may edit the room on its own page."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or can(_actor(request), "edit_room", obj))

    def save_model(
        self, request: HttpRequest, obj: Room, form: Any, change: bool
    ) -> None:
        """Create or update by the actions; a new room's admin is who made it."""
        texts = {name: form.cleaned_data[name] for name in ("name", "description")}
        is_private = form.cleaned_data["is_private"]
        if change:
            # The form has changed `obj` already; the action compares with what was.
            room = Room.objects.get(pk=obj.pk)
            room_settings.update_room(
                _actor(request), room, is_private=is_private, **texts
            )
            return
        room = actions.create_room(_actor(request), is_private=is_private, **texts)
        obj.pk, obj.public_id = room.pk, room.public_id

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The rooms alone: Django would list each message of them."""
        rooms = list(objs)
        return (
            [str(room) for room in rooms],
            {str(Room._meta.verbose_name_plural): len(rooms)},
            set(),
            [],
        )

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        """Delete by the action."""
        actions.delete_room(_actor(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        """Delete each by the action."""
        for room in queryset:
            actions.delete_room(_actor(request), room)
