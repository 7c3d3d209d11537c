"""One run: the site starts, people talk, faults strike, all heals and is checked."""

import asyncio
import contextlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Error as BrowserError

from search import consistency
from tests.chaos import build, faults, table
from tests.chaos.bots import Bot
from tests.chaos.browser import Window, Windows
from tests.chaos.chance import seeded
from tests.chaos.check import violations
from tests.chaos.history import History, Violation
from tests.chaos.load import Load
from tests.chaos.profiles import Profile
from tests.chaos.recorder import Recorder, read_events
from tests.chaos.reducer import held
from tests.chaos.report import write_report
from tests.chaos.sabotage import Sabotage
from tests.chaos.scene import Scene
from tests.chaos.scenes import SCENES
from tests.chaos.schedule import Kind, Strike, kills, plan
from tests.chaos.stage import BURST, PER_S, WEBS, Stage
from tests.chaos.world import Hands, World, make_world

QUIET_TIMEOUT_S = 30.0
SCENE_TIMEOUT_S = 150.0


@dataclass(slots=True)
class Outcome:
    """What a run found."""

    seed: int
    folder: Path
    violations: list[Violation]
    figures: dict[str, Any]


@dataclass(slots=True)
class Run:
    """Everything of one run that is going on."""

    seed: int
    profile: Profile
    folder: Path
    sabotage: Sabotage | None = None
    scenes: tuple[str, ...] = ()
    committed: bool = False  # the last commit runs, not the working tree
    revision: str = field(init=False)
    recorder: Recorder = field(init=False)
    stage: Stage = field(init=False)
    hands: Hands = field(init=False)
    bots: list[Bot] = field(default_factory=list)
    windows: Windows = field(default_factory=Windows)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.recorder = Recorder(self.folder / "history.jsonl")
        self.revision = build.revision(committed=self.committed)
        copy = build.committed_tree if self.committed else build.copy_tree
        source = copy(self.folder / "source")
        if self.sabotage is not None:
            for change in self.sabotage.patches:
                build.patch(source, change)
        rng = seeded(self.seed, "stage")
        self.stage = Stage(self.folder, source, self.recorder, rng)
        self.hands = Hands(self.stage)

    async def go(self) -> Outcome:
        """Do all of it; whatever happens, no process is left behind."""
        try:
            await asyncio.wait_for(self._play(), self.profile.longest_s)
        finally:
            await self._end()
        return self._judge()

    async def _play(self) -> None:
        await self.stage.start()
        rng = seeded(self.seed, "world")
        world = await make_world(
            self.hands, rng, bots=self.profile.bots, rooms=self.profile.rooms
        )
        self._open_bots(world)
        await self._open_windows(world)
        load = Load(self.stage, world, self.hands, self.bots)
        load.start(seeded(self.seed, "load"), self.profile.per_s)
        self.recorder.note("phase", name="storm")
        await self._storm()
        await self._heal()
        await load.stop()
        for window in self.windows.all:
            await window.stop_writing()
        self.recorder.note("phase", name="quiet")
        await self._until_quiet()
        await asyncio.gather(*(bot.stop() for bot in self.bots))
        await self.windows.stop()
        for name in self.scenes:
            await self._scene(name)

    async def _scene(self, name: str) -> None:
        self.recorder.note("phase", name=name)
        scene = Scene(name, self.stage, self.hands, self.seed)
        try:
            async with asyncio.timeout(SCENE_TIMEOUT_S):
                await SCENES[name](scene)
        except TimeoutError:
            scene.measure(name, "the scene came to its end", -1, SCENE_TIMEOUT_S)
        finally:
            await scene.close()

    def _open_bots(self, world: World) -> None:
        for person in world.people:
            rng = seeded(self.seed, person.name)
            make = self.sabotage.bot if self.sabotage else Bot
            bot = make(self.stage, person, world.rooms_of(person), rng)
            bot.start()
            self.bots.append(bot)

    async def _open_windows(self, world: World) -> None:
        """Pages of people who have a bot too, in the public rooms."""
        public = [room for room in world.rooms if not room.private]
        windows = []
        for number in range(self.profile.browsers):
            room = public[number % len(public)]
            person = room.members[-1 - number // len(public)]
            web = WEBS[number % len(WEBS)]
            windows.append(Window(self.stage, person, room.id, web))
        if windows:
            await self.windows.open(self.hands, windows)
        for window in windows:
            window.start(seeded(self.seed, window.name))

    # The storm

    async def _storm(self) -> None:
        kinds = self._kinds()
        strikes = plan(self.seed, self.profile.pace, kinds)
        self.recorder.note("plan", strikes=len(strikes), kills=kills(strikes, kinds))
        began = self.recorder.now()
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(strikes):
                group.create_task(self._strike(began, number, one))
        left_s = began + self.profile.pace.length_s - self.recorder.now()
        await asyncio.sleep(max(0, left_s))

    def _kinds(self) -> dict[str, Kind]:
        only = self.sabotage.faults if self.sabotage else ()
        return {
            name: fault.kind
            for name, fault in faults.FAULTS.items()
            if name in only or not only
        }

    async def _strike(self, began: float, number: int, one: Strike) -> None:
        await asyncio.sleep(max(0, began + one.at_s - self.recorder.now()))
        undo = await faults.strike(self.stage, one, number)
        try:
            await asyncio.sleep(max(0, began + one.until_s - self.recorder.now()))
        finally:
            await undo()

    async def _heal(self) -> None:
        for name, part in self.stage.processes.parts.items():
            if part.frozen:
                self.stage.processes.thaw(name, part.pid)
        await self.stage.wait_healthy()

    # Quiet

    async def _until_quiet(self) -> None:
        """Wait until every outbox is empty and every screen has all; note what is."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_quiet(), QUIET_TIMEOUT_S)
        database = self.stage.database
        heads, changes = table.heads(database), table.changes(database)
        self.recorder.note("heads", heads=heads, changes=changes)
        for bot in self.bots:
            self._note_final(bot)
        for window in self.windows.all:
            await window.note_final()

    async def _wait_quiet(self) -> None:
        while not self._quiet():  # noqa: ASYNC110 - what others write is no event of ours
            await asyncio.sleep(0.25)

    def _quiet(self) -> bool:
        heads = table.changes(self.stage.database)
        pages = self.windows.all
        if any(one.pending or one.cursor != heads[one.room] for one in pages):
            return False
        if table.growing(self.stage.database):
            return False
        return not any(len(bot.outbox) for bot in self.bots) and all(
            bot.reducer.log(room).cursor == heads[room]
            and bot.reducer.log(room).held is None
            for bot in self.bots
            for room in bot.rooms
        )

    def _note_final(self, bot: Bot) -> None:
        bot.note("outbox", left=len(bot.outbox), keys=list(bot.outbox.intents)[:5])
        for room in bot.rooms:
            log = bot.reducer.log(room)
            rows = log.rows
            last = max(rows, default=0)
            first = min(rows, default=1)
            missing = last - first + 1 - len(rows) if rows else 0
            fields = {"last": last, "missing": missing, "cursor": log.cursor}
            bot.note("final", room=room, **fields)
            bot.note("held", room=room, rows=[held(row) for row in rows.values()])

    async def _end(self) -> None:
        await asyncio.gather(*(bot.stop() for bot in self.bots))
        with contextlib.suppress(BrowserError):
            await self.windows.stop()
        with contextlib.suppress(OSError, TimeoutError):
            await self.hands.stop()
        await self.stage.stop()
        self.recorder.close()

    def _judge(self) -> Outcome:
        rows = table.stored(self.stage.database)
        events = read_events(self.recorder.path)
        copy = self.folder / "database.sqlite3"
        table.copy(self.stage.database, copy)
        differences = tuple(consistency.differences(copy))
        history = History(events, rows, differences, burst=BURST, per_s=PER_S)
        found = violations(history)
        figures = self._figures(events, len(rows))
        outcome = Outcome(self.seed, self.folder, found, figures)
        report = {"figures": figures, "violations": [str(one) for one in found]}
        (self.folder / "outcome.json").write_text(json.dumps(report, indent=1))
        title = f"{self.profile.name}, seed {self.seed}"
        write_report(self.folder / "report.html", title, figures, events, found)
        self._keep(failed=bool(found))
        return outcome

    def _keep(self, *, failed: bool) -> None:
        """Keep the database's copy of a run that failed; nobody needs the source."""
        shutil.rmtree(self.folder / "source", ignore_errors=True)
        if not failed:
            (self.folder / "database.sqlite3").unlink()
        shutil.rmtree(self.stage.var, ignore_errors=True)
        shutil.rmtree(self.stage.redis_data, ignore_errors=True)

    def _figures(self, events: list[dict[str, Any]], rows: int) -> dict[str, Any]:
        count = self.recorder.counts
        died = [e for e in events if e["e"] == "proc" and e["phase"] == "down"]
        return {
            "seed": self.seed,
            "commit": self.revision,
            "sent": count.get("send", 0),
            "acked": len({e["key"] for e in events if e["e"] == "ack"}),
            "stored": rows,
            "shown": count.get("show", 0),
            "kills": sum(1 for e in died if e["rc"] == -9),
            "kills_by_name": dict(sorted(self.stage.processes.kills.items())),
            "measures": [
                f"{e['promise']} {e['what']}: {e['value']} (at most {e['limit']})"
                for e in events
                if e["e"] == "measure"
            ],
            "faults": sum(
                1 for e in events if e["e"] == "fault" and e["phase"] == "on"
            ),
        }
