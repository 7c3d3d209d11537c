"""`manage.py rooms`: what the room workers' actors are at."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.models import Room
from chat.room_state import RoomState
from chat.states import Report, ask
from livechat.lib import limits
from livechat.lib.redis import RedisAway
from livechat.lib.storage import DatabaseAway

COLUMNS = "{:<14} {:>5} {:>6} {:>8} {:>8} {:>7} {:>6} {:>8} {:>7}  {}"
HEADINGS = (
    "room",
    "shard",
    "epoch",
    "messages",
    "changes",
    "members",
    "recent",
    "accepted",
    "refused",
    "idle",
)


class Command(BaseCommand):
    """Print the live actors of all room workers, or one room's."""

    help = "Print what the room workers' actors are at; no names and no texts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which room, and whether to print JSON."""
        parser.add_argument("room", nargs="?", help="a room's public id")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask the workers and print what they answer."""
        room = _room(options["room"])
        reports = self._asked(room)
        if options["json"]:
            self.stdout.write(json.dumps(list(map(asdict, reports)), default=str))
        elif room is None:
            self._print_all(reports)
        else:
            self._print_one(room, reports)

    def _asked(self, room: Room | None) -> list[Report]:
        try:
            reports, missing = ask(None if room is None else room.pk)
        except RedisAway as error:
            raise CommandError("Redis is away, so no worker can be asked.") from error
        if not reports:
            seconds = limits.ROOM_STATES_TIMEOUT_S
            raise CommandError(f"No room worker answered within {seconds} s.")
        if missing:
            self.stderr.write(f"{missing} of the room workers did not answer in time.")
        return reports

    def _print_all(self, reports: Sequence[Report]) -> None:
        for report in reports:
            shown = len(report.rooms)
            more = f", the latest {shown} of them" if shown < report.actors else ""
            self.stdout.write(
                f"{report.worker}: {len(report.shards)} shards, "
                f"{report.actors} actors{more}"
            )
            if report.rooms:
                self.stdout.write(COLUMNS.format(*HEADINGS))
            for state in report.rooms:
                self.stdout.write(COLUMNS.format(*_cells(state)))

    def _print_one(self, room: Room, reports: Sequence[Report]) -> None:
        for report in reports:
            for state in report.rooms:
                self.stdout.write(f"worker: {report.worker}")
                for name, value in asdict(state).items():
                    self.stdout.write(f"{name}: {value}")
                return
        self.stdout.write(
            f"{room.public_id} has no actor now; the next message starts one."
        )


def _room(public_id: str | None) -> Room | None:
    if public_id is None:
        return None
    try:
        return Room.objects.get(public_id=public_id)
    except Room.DoesNotExist as error:
        raise CommandError(f"There is no room {public_id!r}.") from error
    except DatabaseAway as error:
        raise CommandError("The database is away.") from error


def _cells(state: RoomState) -> tuple[object, ...]:
    return (
        state.room,
        state.shard,
        state.epoch,
        state.last_seq,
        state.last_changed_seq,
        state.member_count,
        len(state.recent),
        state.accepted,
        state.refused,
        f"{state.idle_s} s",
    )
