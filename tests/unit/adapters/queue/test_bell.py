"""Nobody who looked before it was rung sleeps through it."""

from __future__ import annotations

import asyncio
import gc
import threading

from fairway.adapters.queue.bell import Bell, bell_of

LONG = 60.0


async def test_who_waits_is_woken_from_any_thread() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(bell.rung, LONG)) for _ in range(3)]
    await asyncio.sleep(0)
    ringing = threading.Thread(target=bell.ring)
    ringing.start()
    await asyncio.wait_for(asyncio.gather(*waiting), 30)
    ringing.join()


async def test_what_was_rung_after_the_look_is_not_waited_for() -> None:
    bell = Bell()
    seen = bell.rung
    bell.ring()
    await asyncio.wait_for(bell.wait(seen, LONG), 30)


async def test_without_a_ring_the_time_passes() -> None:
    await Bell().wait(0, 0.01)


async def test_a_loop_that_was_closed_is_not_in_the_way() -> None:
    bell = Bell()

    def elsewhere() -> None:
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(bell.wait(bell.rung, LONG))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        waiting._log_destroy_pending = False  # type: ignore[attr-defined]

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    bell.ring()


def test_those_of_one_place_share_one_for_as_long_as_somebody_has_it() -> None:
    one = bell_of("sqlite:///a")
    assert bell_of("sqlite:///a") is one
    assert bell_of("sqlite:///b") is not one
    one.ring()
    del one
    gc.collect()
    assert bell_of("sqlite:///a").rung == 0
