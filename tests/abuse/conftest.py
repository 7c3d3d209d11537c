"""Rooms and members, as the tests of the socket have them."""

from tests.chat.conftest import member, room

__all__ = ["member", "room"]
