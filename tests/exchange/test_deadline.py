from __future__ import annotations

import asyncio

import pytest

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.canonical.headers import Headers
from plexus.domain.provider import Timeouts
from plexus.exchange.deadline import Deadlines

LIMITS = Timeouts(total=10, total_stream=100)


def wish(milliseconds: str) -> Headers:
    return Headers([(b"x-plexus-deadline-ms", milliseconds.encode())])


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize(
    ("headers", "stream", "seconds"),
    [
        (Headers(), False, 10),
        (Headers(), True, 100),
        (wish("2000"), False, 2),
        (wish("2000"), True, 2),
        (wish("999999999"), False, 10),
        (wish("-5"), False, 10),
        (wish("soon"), False, 10),
        (wish(""), False, 10),
    ],
)
async def test_the_client_may_shorten_what_is_configured(headers: Headers, stream: bool, seconds: float) -> None:
    with Deadlines().limit(LIMITS, headers, stream=stream) as deadline:
        assert seconds - 1 < deadline.left() <= seconds


async def test_what_takes_longer_fails_as_a_deadline() -> None:
    with (
        pytest.raises(TransportError, match=r"within 0\.01 seconds") as failed,
        Deadlines().limit(LIMITS, wish("10"), stream=False),
    ):
        await forever()
    assert failed.value.kind is ErrorKind.DEADLINE
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling(), "the task lives on"


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    deadlines = Deadlines()

    async def work() -> None:
        with deadlines.limit(LIMITS, Headers(), stream=False):
            await forever()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_another_failure_passes_through() -> None:
    with pytest.raises(ValueError, match="own"), Deadlines().limit(LIMITS, Headers(), stream=False):
        raise ValueError("own")


async def test_each_of_many_has_its_own_end() -> None:
    deadlines = Deadlines()

    async def work(milliseconds: str) -> str:
        try:
            with deadlines.limit(LIMITS, wish(milliseconds), stream=False):
                await (forever() if milliseconds == "10" else asyncio.sleep(0))
        except TransportError as late:
            return late.kind.value
        return "done"

    assert await asyncio.gather(*(work(each) for each in ("10", "5000", "10", "5000"))) == [
        "deadline", "done", "deadline", "done",
    ]  # fmt: skip
