"""Access tokens: asked for once, kept, renewed ahead of time."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.providers.tokens import AHEAD, Question, Tokens, read_token

QUESTION = Question("https://tokens.example", {"a": "b"})


class Service:
    """Answers questions, one after the other; counts them, and can keep them waiting."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.lifetime: Any = 3600
        self.failure: GatewayError | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.tokens = Tokens(self.fetch, lambda: self.now)

    async def fetch(self, url: str, form: dict[str, str]) -> tuple[int, bytes]:
        assert (url, form) == (QUESTION.url, QUESTION.form)
        self.asked += 1
        number = self.asked
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return 200, msgspec.json.encode({"access_token": f"t{number}", "expires_in": self.lifetime})

    async def get(self, account: str = "a") -> str:
        return await self.tokens.get(account, lambda: QUESTION)

    async def settled(self) -> None:
        """Everything that can go on has gone on."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def service() -> Service:
    return Service()


async def test_a_token_is_kept(service: Service) -> None:
    assert [await service.get(), await service.get(), await service.get("b")] == ["t1", "t1", "t2"]
    service.now += 3600 - AHEAD - 1
    assert await service.get() == "t1"
    assert service.asked == 2


async def test_one_question_serves_all_who_wait(service: Service) -> None:
    service.open.clear()
    waiting = [asyncio.ensure_future(service.get()) for _ in range(9)]
    await service.settled()
    service.open.set()
    assert await asyncio.gather(*waiting) == ["t1"] * 9
    assert service.asked == 1


async def test_who_leaves_takes_the_answer_from_nobody(service: Service) -> None:
    service.open.clear()
    first, second = (asyncio.ensure_future(service.get()) for _ in range(2))
    await service.settled()
    first.cancel()
    await service.settled()
    service.open.set()
    assert await second == "t1"


async def test_a_token_that_ends_soon_is_renewed_while_it_holds(service: Service) -> None:
    await service.get()
    service.now += 3600 - AHEAD + 1
    service.open.clear()
    assert [await service.get(), await service.get()] == ["t1", "t1"]
    await service.settled()
    assert service.asked == 2
    service.open.set()
    await service.settled()
    assert await service.get() == "t2"


async def test_a_renewal_that_fails_leaves_the_token_until_its_end(service: Service) -> None:
    await service.get()
    service.now += 3600 - AHEAD + 1
    service.failure = TransportError(ErrorKind.RESET, "gone")
    assert await service.get() == "t1"
    await service.settled()
    assert await service.get() == "t1"
    service.now += AHEAD
    with pytest.raises(TransportError):
        await service.get()
    service.failure = None
    assert (await service.get()).startswith("t")


async def test_a_refused_token_is_forgotten(service: Service) -> None:
    await service.get()
    service.tokens.forget("a")
    assert await service.get() == "t2"


async def test_a_token_that_lives_no_time_is_not_kept(service: Service) -> None:
    service.lifetime = None
    assert [await service.get(), await service.get()] == ["t1", "t2"]


async def test_closing_asks_no_more(service: Service) -> None:
    service.open.clear()
    waiting = asyncio.ensure_future(service.get())
    await service.settled()
    await service.tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_an_answer() -> None:
    token = read_token(200, b'{"access_token":"t","expires_in":"60"}', 10.0)
    assert (token.text, token.until) == ("t", 70.0)
    assert "'t'" not in repr(token)
    assert read_token(200, b'{"access_token":"t","expires_in":"soon"}', 10.0).until == 10.0


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Account has been deleted"}', ErrorKind.UPSTREAM_AUTH),
        (401, b'{"error":"invalid_client"}', ErrorKind.UPSTREAM_AUTH),
        (403, b"<html>", ErrorKind.UPSTREAM_AUTH),
        (429, b"{}", ErrorKind.UPSTREAM_ERROR),
        (503, b"busy", ErrorKind.UPSTREAM_ERROR),
        (200, b"{}", ErrorKind.UPSTREAM_ERROR),
        (200, b"[", ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_a_refusal_is_typed_and_says_its_reason_to_the_operator_alone(
    status: int, body: bytes, kind: ErrorKind
) -> None:
    with pytest.raises(ProviderError) as caught:
        read_token(status, body, 0.0)
    assert (caught.value.kind, caught.value.status) == (kind, status)
    assert str(status) in (caught.value.hint or "")
    assert "deleted" not in caught.value.message
