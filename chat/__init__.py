"""Rooms, memberships, messages, presence and typing; the room worker."""
