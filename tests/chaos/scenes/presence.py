"""P8 and P9: who is there and who types, as an observer sees it (C17)."""

from typing import Any

from tests.chaos.bots import Bot
from tests.chaos.faults import kill_redis_and_data
from tests.chaos.proxy import Weather
from tests.chaos.reducer import Frame
from tests.chaos.scene import NEVER, Scene, settled
from tests.chaos.stage import WEBS
from tests.chaos.world import Person, Place

OFF_CLEAN_S = 1.0
OFF_KILLED_S = 10.0
OFF_VANISHED_S = 25.0
BACK_S = 5.0
STOPPED_S = 6.0


class Observer(Bot):
    """A client that keeps the people of its rooms by the protocol's rules."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.refs: dict[str, str] = {}  # connection → person
        self.typing: set[str] = set()
        self.flickers = 0

    def on_other(self, frame: Frame) -> None:
        """Take presence and typing."""
        kind = frame["type"]
        if kind == "presence_state":
            self.refs = refs_of(frame["users"])
        elif kind == "presence_diff":
            gone = refs_of(frame["leaves"])
            self.flickers += len(gone)
            for ref in gone:
                self.refs.pop(ref, None)
            self.refs |= refs_of(frame["joins"])
        elif kind == "user_typing":
            self.typing.add(frame["user"]["id"])
        elif kind == "user_stopped_typing":
            self.typing.discard(frame["user"]["id"])

    def sees(self, person: Person) -> bool:
        """Whether it shows the person as there."""
        return person.id in self.refs.values()


class OnWeb1(Observer):
    """A client of the first web process only."""

    webs = (WEBS[0],)


class OnWeb2(Observer):
    """A client of the second web process only."""

    webs = (WEBS[1],)


def refs_of(users: dict[str, Any]) -> dict[str, str]:
    """The connections of the protocol's `users`, each with its person."""
    return {meta["ref"]: user for user in users for meta in users[user]["metas"]}


async def meet(scene: Scene) -> tuple[Place, OnWeb2, OnWeb1]:
    """Bob observes at the second web process; alice is at the first."""
    bob_, alice_ = await scene.people(2)
    room = await scene.room([bob_, alice_])
    bob, alice = scene.bot(bob_, room, OnWeb2), scene.bot(alice_, room, OnWeb1)
    assert isinstance(bob, OnWeb2) and isinstance(alice, OnWeb1)
    await scene.until(lambda: settled(bob) and bob.sees(alice_), 30)
    return room, bob, alice


async def presence(scene: Scene) -> None:
    """Bob sees alice come and go, whatever she, her process or Redis dies of."""
    room, bob, alice = await meet(scene)
    who = alice.person
    scene.stage.gates[WEBS[0]].cut()
    await scene.until(lambda: alice.socket is None, 5)
    absent_s = await scene.until(lambda: not bob.sees(who), 7)
    flickered = 0 if absent_s == NEVER else 1
    scene.measure("P8", "flickers at a reconnection", flickered, 0)

    await alice.stop()
    await scene.until(lambda: not bob.sees(who), 30)

    await clean_leave(scene, room, bob, who)
    await process_killed(scene, room, bob, who)
    await redis_empty(scene, room, bob, who)
    await vanished(scene, room, bob, who)


async def come(scene: Scene, room: Place, bob: OnWeb2, who: Person) -> Bot:
    """Alice comes, at the first web process; bob sees her."""
    alice = scene.bot(who, room, OnWeb1)
    await scene.until(lambda: settled(alice) and bob.sees(who), 30)
    return alice


async def clean_leave(scene: Scene, room: Place, bob: OnWeb2, who: Person) -> None:
    """She closes her socket."""
    alice = await come(scene, room, bob, who)
    await alice.stop()
    took_s = await scene.until(lambda: not bob.sees(who), 30)
    scene.measure("P8", "gone after a clean leave, s", took_s, OFF_CLEAN_S)


async def process_killed(scene: Scene, room: Place, bob: OnWeb2, who: Person) -> None:
    """Her web process is killed, and she does not come back."""
    alice = await come(scene, room, bob, who)
    scene.stage.processes.kill(WEBS[0])
    await alice.stop()
    took_s = await scene.until(lambda: not bob.sees(who), 40)
    scene.measure("P8", "gone after kill -9 of a web process, s", took_s, OFF_KILLED_S)
    await scene.stage.wait_healthy()


async def redis_empty(scene: Scene, room: Place, bob: OnWeb2, who: Person) -> None:
    """Redis comes back without anything; both stay, and a newcomer sees them."""
    alice = await come(scene, room, bob, who)
    await kill_redis_and_data(scene.stage, "redis", scene.bots[0].rng)
    part = scene.stage.processes.parts["redis"]
    await scene.until(lambda: not part.alive, 5)
    await scene.until(lambda: part.alive, 10)
    newcomer = scene.bot(bob.person, room, OnWeb2)
    assert isinstance(newcomer, Observer)
    took_s = await scene.until(lambda: newcomer.sees(who) and bob.sees(who), 30)
    scene.measure("P8", "right after Redis came back empty, s", took_s, BACK_S)
    await newcomer.stop()
    await alice.stop()
    await scene.until(lambda: not bob.sees(who), 30)


async def vanished(scene: Scene, room: Place, bob: OnWeb2, who: Person) -> None:
    """Her network takes everything and gives nothing; no FIN comes."""
    alice = await come(scene, room, bob, who)
    gate = scene.stage.gates[WEBS[0]]
    gate.change(Weather(silent=True))
    took_s = await scene.until(lambda: not bob.sees(who), 60)
    scene.measure("P8", "gone after she vanished, no FIN, s", took_s, OFF_VANISHED_S)
    gate.change(Weather())
    await alice.stop()


async def typing(scene: Scene) -> None:
    """Alice types; she, her process or Redis dies; bob sees it end."""
    room, bob, alice = await meet(scene)
    who = alice.person.id
    for victim in (WEBS[0], "redis", ""):
        await scene.until(lambda: settled(alice) and bob.sees(alice.person), 30)
        await alice.tell(type="typing", room=room.id, on=True)
        pressed = scene.stage.recorder.now()
        seen_s = await scene.until(lambda: who in bob.typing, 5)
        scene.measure("P9", f"typing seen ({victim or 'alive'}), s", seen_s, 2.0)
        if victim:
            scene.stage.processes.kill(victim)
        await scene.until(lambda: who not in bob.typing, 30)
        took_s = scene.stage.recorder.now() - pressed
        ended = f"typing ended ({victim or 'no key'}), s"
        scene.measure("P9", ended, took_s, STOPPED_S + 0.5)
        await scene.stage.wait_healthy()
