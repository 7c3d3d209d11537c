"""A request becomes its page in one thread, without a way back to the loop between."""

from inspect import iscoroutinefunction

from livechat.lib.handler import OneThreadHandler


def test_no_middleware_waits_for_the_loop() -> None:
    assert not iscoroutinefunction(vars(OneThreadHandler())["_middleware_chain"])
