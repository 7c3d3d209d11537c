"""Who asks at once shares one answer, and never one that was begun before."""

import asyncio

import pytest

from livechat.lib.shared import Gathered, Shared


class Slow:
    """Answers with the number of the answer, when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = asyncio.Event()

    async def make(self) -> int:
        """The next answer."""
        self.begun += 1
        number = self.begun
        await self.let.wait()
        return number


async def test_all_who_ask_while_one_is_made_share_the_next() -> None:
    shared, slow = Shared[int](), Slow()
    first = asyncio.create_task(shared.ask("room", slow.make))
    while slow.begun == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    later = [asyncio.create_task(shared.ask("room", slow.make)) for _ in range(50)]
    await asyncio.sleep(0)
    assert slow.begun == 1
    slow.let.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 50
    assert await shared.ask("room", slow.make) == 3


async def test_an_asker_who_goes_takes_no_answer_from_the_others() -> None:
    shared, slow = Shared[int](), Slow()
    askers = [asyncio.create_task(shared.ask("room", slow.make)) for _ in range(2)]
    while slow.begun == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    askers[0].cancel()
    slow.let.set()
    assert await askers[1] == 1


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    shared, slow = Shared[int](), Slow()

    async def fail() -> int:
        raise OSError("away")

    for asker in [asyncio.create_task(shared.ask("room", fail)) for _ in range(2)]:
        with pytest.raises(OSError, match="away"):
            await asker
    slow.let.set()
    assert await shared.ask("room", slow.make) == 1


async def test_keys_that_come_while_others_are_asked_about_are_one_question() -> None:
    asked: list[list[int]] = []
    let = asyncio.Event()

    async def ask(keys: list[int]) -> None:
        asked.append(keys)
        await let.wait()

    gathered = Gathered(ask, 3)
    first = asyncio.create_task(gathered.ask(1))
    while not asked:  # noqa: ASYNC110
        await asyncio.sleep(0)
    later = [asyncio.create_task(gathered.ask(key)) for key in (1, 2, 3, 2, 4)]
    await asyncio.sleep(0)
    later.pop().cancel()  # who goes takes no answer from the others
    let.set()
    await asyncio.gather(first, *later)
    assert asked == [[1], [1, 2, 3], [4]]


async def test_a_question_that_fails_is_told_to_those_who_asked_it() -> None:
    async def ask(keys: list[int]) -> None:
        if 1 in keys:
            raise TimeoutError

    gathered = Gathered(ask, 1)
    found = await asyncio.gather(
        *(gathered.ask(key) for key in (1, 2)), return_exceptions=True
    )
    assert [type(one) for one in found] == [TimeoutError, type(None)]
