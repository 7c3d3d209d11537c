"""The admin's pages of rooms and memberships; no message is shown or counted.

The rules it guards: every change goes through chat.actions, so that the lobby and the
rooms hear of it as they would of any other; and nobody opens a private room to
themselves, neither by making it public nor by becoming its member.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from chat import actions
from chat.access import can
from chat.models import Membership, Room
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
        """Rooms with their member counts, in one query."""
        rooms: Any = super().get_queryset(request)
        counted: QuerySet[Room] = rooms.with_member_count()
        return counted

    @admin.display(ordering="member_count")
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
            actions.update_room(_actor(request), room, is_private=is_private, **texts)
            return
        room = actions.create_room(_actor(request), is_private=is_private, **texts)
        obj.pk, obj.public_id = room.pk, room.public_id

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The rooms alone: Django would list each message of them."""
        rooms = list(objs)
        return [str(room) for room in rooms], {"rooms": len(rooms)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        """Delete by the action."""
        actions.delete_room(_actor(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        """Delete each by the action."""
        for room in queryset:
            actions.delete_room(_actor(request), room)


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """Who comes to belong to which room."""

    actor: User  # set on the subclass that the admin makes for each request

    def clean(self) -> dict[str, Any]:
        """Refuse those who would let themselves into a private room."""
        data = super().clean() or self.cleaned_data
        room, user = data.get("room"), data.get("user")
        if room and user == self.actor and not can(user, "join", room):
            raise ValidationError("You cannot add yourself to this room.")
        return data


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generic at run time
    """Who belongs to which room; to add is to join them, to delete to remove them."""

    form = MembershipForm
    fields = ("room", "user")
    autocomplete_fields = fields
    list_display = ("room", "user", "role", "joined_at")
    list_filter = ("role",)
    list_select_related = ("room", "user")
    search_fields = ("room__name", "user__display_name")

    def get_form(
        self,
        request: HttpRequest,
        obj: Membership | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The form, which knows who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("MembershipForm", (form,), {"actor": _actor(request)})

    def has_change_permission(
        self, request: HttpRequest, obj: Membership | None = None
    ) -> bool:
        """Nobody: remove the one and add the other."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Membership, form: Any, change: bool
    ) -> None:
        """Join them by the action."""
        obj.pk = actions.join_room(obj.user, obj.room).pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Remove them by the action."""
        actions.leave_room(obj.user, obj.room)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Membership]
    ) -> None:
        """Remove each by the action."""
        for membership in queryset.select_related("user", "room"):
            actions.leave_room(membership.user, membership.room)
