from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from tests.http1.wire import GET, Wire, chunked, read_replies, request

from plexus.http1.asgi import ASGIApp, Receive, Send, asgi_handler, lifespan
from plexus.http1.limits import Limits

Scope = MutableMapping[str, Any]


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/echo/{name}")
    async def echo(name: str, request: Request) -> JSONResponse:
        body = await request.body()
        return JSONResponse(
            {"name": name, "query": dict(request.query_params), "body": body.decode(), "x": request.headers.get("x")}
        )

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"one", b"two"):
                yield piece

        return StreamingResponse(pieces(), media_type="text/plain")

    @app.get("/cookies")
    async def cookies() -> Response:
        response = Response()
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    return app


async def test_a_request_and_its_reply() -> None:
    wire = Wire(asgi_handler(application()))
    reply = await wire.exchange(
        request(b"X: y", b"Content-Length: 5", start=b"POST /echo/a%20%C3%A9?q=1 HTTP/1.1", body=b"hello")
    )
    (parsed,) = read_replies(reply, "POST")
    assert parsed.status == 200
    assert parsed.body == '{"name":"a é","query":{"q":"1"},"body":"hello","x":"y"}'.encode()
    assert reply.lower().count(b"content-length") == reply.lower().count(b"date:") == 1
    assert wire.transport.writes == 1


async def test_a_body_that_comes_in_pieces() -> None:
    wire = Wire(asgi_handler(application()))
    await wire.exchange(chunked(start=b"POST /echo/a HTTP/1.1", body=b"3\r\nhel\r\n"))
    reply = await wire.exchange(b"2\r\nlo\r\n", b"0\r\n\r\n")
    assert b'"body":"hello"' in read_replies(reply, "POST")[0].body


async def test_a_stream() -> None:
    reply = await Wire(asgi_handler(application())).exchange(request(start=b"GET /stream HTTP/1.1"))
    (parsed,) = read_replies(reply, "GET")
    assert (parsed.body, parsed.complete) == (b"onetwo", True)
    assert parsed.headers[b"transfer-encoding"] == b"chunked"


async def test_repeated_fields_are_kept() -> None:
    reply = await Wire(asgi_handler(application())).exchange(request(start=b"GET /cookies HTTP/1.1"))
    assert reply.count(b"set-cookie: ") == 2


async def test_unknown_paths_and_methods() -> None:
    wire = Wire(asgi_handler(application()))
    reply = await wire.exchange(request(start=b"GET /nothing HTTP/1.1"), request(start=b"PUT /stream HTTP/1.1"))
    assert [parsed.status for parsed in read_replies(reply, "GET", "PUT")] == [404, 405]


async def test_the_scope() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await PlainTextResponse("")(scope, receive, send)

    state = {"pool": 1}
    handler = asgi_handler(app, scheme="https", state=state)
    await Wire(handler).exchange(b"GET /a%2Fb%20%ff?c=%20 HTTP/1.0\r\nX-One: 1\r\nx-one: 2\r\n\r\n")
    assert scopes == [
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.0",
            "method": "GET",
            "scheme": "https",
            "path": "/a/b \ufffd",
            "raw_path": b"/a%2Fb%20%ff",
            "query_string": b"c=%20",
            "root_path": "",
            "headers": [(b"x-one", b"1"), (b"x-one", b"2")],
            "client": ("192.0.2.1", 0),
            "server": None,
            "state": {"pool": 1},
        }
    ]
    assert scopes[0]["state"] is not state


async def test_head_keeps_the_length_that_the_application_names() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"1000")]})
        await send({"type": "http.response.body"})

    (reply,) = read_replies(await Wire(asgi_handler(app)).exchange(request(start=b"HEAD / HTTP/1.1")), "HEAD")
    assert reply.headers[b"content-length"] == b"1000"


async def test_fields_that_are_the_servers_are_dropped() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"Date", b"x"), (b"Connection", b"close"), (b"Transfer-Encoding", b"chunked"), (b"x", b"y")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    wire = Wire(asgi_handler(app))
    reply = await wire.exchange(GET)
    (parsed,) = read_replies(reply, "GET")
    assert (parsed.body, parsed.headers[b"x"]) == (b"ab", b"y")
    assert reply.lower().count(b"date:") == reply.lower().count(b"transfer-encoding:") == 1
    assert not wire.over()


async def test_a_reply_that_is_shorter_than_announced_is_broken_off() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"short"})

    wire = Wire(asgi_handler(app))
    assert not read_replies(await wire.exchange(GET), "GET")[0].complete
    assert wire.closed()


@pytest.mark.parametrize("early", [True, False])
async def test_an_application_that_fails(early: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not early:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError

    wire = Wire(asgi_handler(app))
    (reply,) = read_replies(await wire.exchange(GET), "GET")
    assert (reply.status, reply.complete) == ((500, True) if early else (200, False))
    assert "LookupError" in caplog.text


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "http.response.body", "body": b""}],
        [{"type": "websocket.accept"}],
        [{"type": "http.response.start", "status": 200}, {"type": "http.response.start", "status": 200}],
    ],
)
async def test_messages_out_of_order(messages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    (reply,) = read_replies(await Wire(asgi_handler(app)).exchange(GET), "GET")
    assert reply.status == 500
    assert "is not what comes next" in caplog.text


async def test_a_client_that_cuts_its_body_is_a_disconnect() -> None:
    messages: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        messages.append((await receive())["body"])
        messages.append((await receive())["type"])
        with pytest.raises(OSError):
            await send({"type": "http.response.start", "status": 200})
        messages.append("told")

    wire = Wire(asgi_handler(app))
    await wire.exchange(request(b"Content-Length: 10", body=b"abc"))
    wire.eof()
    await wire.settle()
    assert messages == [b"abc", "http.disconnect", "told"]


async def test_a_client_that_goes_away_cancels_the_application() -> None:
    ended: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    wire = Wire(asgi_handler(StreamingResponse(pieces())))
    assert (await wire.exchange(GET)).endswith(b"3\r\none\r\n")
    wire.eof()
    await wire.settle()
    assert ended == ["cancelled"]
    assert wire.server.tasks == 0


async def test_after_the_reply_comes_the_disconnect() -> None:
    types: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        types.append((await receive())["type"])
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await PlainTextResponse("ok")(scope, receive, send)
        types.append((await waiting)["type"])
        types.append((await receive())["type"])

    await Wire(asgi_handler(app)).exchange(GET)
    assert types == ["http.request", "http.disconnect", "http.disconnect"]


async def test_work_after_the_reply_does_not_hold_up_the_next_request() -> None:
    gate = asyncio.Event()
    wire = Wire(asgi_handler(PlainTextResponse("ok", background=BackgroundTask(gate.wait))))
    assert len(read_replies(await wire.exchange(GET, GET), "GET", "GET")) == 2
    assert wire.server.tasks == 2
    gate.set()
    await wire.settle()
    assert wire.server.tasks == 0


async def test_sending_waits_for_a_slow_client() -> None:
    sent: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        for number in range(10):
            await send({"type": "http.response.body", "body": b"x" * 400, "more_body": number < 9})
            sent.append(number)

    wire = Wire(asgi_handler(app), Limits(write_buffer=1000))
    wire.transport.stalled = True
    await wire.exchange(GET)
    assert len(sent) < 4
    wire.transport.release()
    await wire.settle()
    assert len(sent) == 10


# lifespan


async def test_the_lifespan_of_an_application() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        steps.append("up")
        yield {"pool": "open"}
        steps.append("down")

    app = FastAPI(lifespan=life)

    @app.get("/")
    async def root(request: Request) -> str:
        return str(request.state.pool)

    async with lifespan(app) as state:
        assert steps == ["up"]
        reply = await Wire(asgi_handler(app, state=state)).exchange(GET)
        assert read_replies(reply, "GET")[0].body == b'"open"'
    assert steps == ["up", "down"]


async def test_a_start_up_that_fails() -> None:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if app.title:
            raise LookupError("no database")
        yield

    with pytest.raises(RuntimeError, match="no database"):
        await lifespan(FastAPI(lifespan=life)).__aenter__()


async def test_a_shut_down_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        raise LookupError("stuck")

    async with lifespan(FastAPI(lifespan=life)):
        assert caplog.text == ""
    assert "stuck" in caplog.text


async def without_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"


async def silent_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    return


@pytest.mark.parametrize("app", [without_lifespan, silent_lifespan])
async def test_an_application_without_lifespan_runs_all_the_same(app: ASGIApp) -> None:
    ran = False
    async with lifespan(app) as state:
        ran = True
        assert state == {}
    assert ran
