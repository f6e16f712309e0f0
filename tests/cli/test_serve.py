"""``plexus serve`` as a process of its own, and the parts of the command."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.running import OURS, Shell

from plexus.cli.serve import greeting, main, parser
from plexus.settings import Settings

MOCK = """\
providers: {mock: {preset: mock}}
models: {mock-chat: {provider: mock}}
keys: {first: {secret: sk-shown-at-start}}
"""


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and its address once it listens."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    process = subprocess.Popen(
        [sys.executable, "-m", "plexus", "serve", "--port", "0", *arguments],
        cwd=folder, env=environ | {"LOG_LEVEL": "error"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"listens on (http://\S+)", process.stdout.readline())
        assert found is not None, process.communicate(timeout=30)
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


def call(url: str, **members: object) -> urllib.request.Request:
    body = {"model": "mock-chat", "messages": [{"role": "user", "content": "Hello"}], **members}
    headers = {"content-type": "application/json", "authorization": "Bearer sk-shown-at-start"}
    return urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), headers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "mine.yaml").write_text(MOCK)
    with served(tmp_path, "--config", "mine.yaml") as (process, url):
        with urllib.request.urlopen(call(url), timeout=30) as reply:
            assert json.load(reply)["choices"]
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_a_stream_under_way_is_finished_before_it_stops(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MOCK)
    with served(tmp_path, "--config", "mine.yaml") as (process, url):
        begun, told = threading.Event(), threading.Event()
        lines: list[bytes] = []

        def read() -> None:
            with urllib.request.urlopen(call(url, stream=True, max_tokens=2000), timeout=60) as reply:
                lines.append(reply.readline())
                begun.set()
                told.wait(60)
                lines.extend(reply)

        reader = threading.Thread(target=read)
        reader.start()
        assert begun.wait(60)
        process.send_signal(signal.SIGTERM)
        told.set()
        reader.join(60)
        assert b"".join(lines).endswith(b"data: [DONE]\n\n")
        process.communicate(timeout=60)
    assert process.returncode == 0


# --- in this process: what ends before it serves


def status(shell: Shell, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    return main(list(arguments)), capsys.readouterr().err


def test_a_configuration_that_cannot_be_used_starts_nothing(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.write("providers: {a: {}}\nmodels: {m: {provider: b}}\n")
    code, said = status(shell, capsys, "--port", "0")
    assert code == 2
    lines = said.splitlines()
    assert [line.startswith(str(shell.config)) for line in lines] == [True, True, False]
    assert lines[-1] == "2 mistake(s); nothing was started."


def test_settings_that_cannot_be_used(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.patch.setenv("PLEXUS_DRAIN_SECONDS", "soon")
    code, said = status(shell, capsys)
    assert (code, "PLEXUS_DRAIN_SECONDS is 'soon'" in said) == (2, True)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MOCK)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = subprocess.run(
            [sys.executable, "-m", "plexus", "serve", "--port", str(other.getsockname()[1]), "--config", "mine.yaml"],
            cwd=tmp_path, env=environ, check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "cannot start: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--port", "many"], ["--nope"]])
def test_what_is_not_understood_is_a_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parser().parse_args(arguments)
    assert left.value.code == 2
    assert "usage: plexus serve" in capsys.readouterr().err


# --- the greeting


def settings(**members: object) -> Settings:
    base = replace(Settings.from_environ({}), port=4000, version="1.2.3", config=Path("c.yaml"))
    return replace(base, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.7", "10.0.0.7")],
)
def test_where_it_listens(host: str, shown: str) -> None:
    assert greeting(settings(host=host), None, made=False) == f"Plexus 1.2.3 listens on http://{shown}:4000\n"


def test_a_first_start_says_what_was_made_and_what_to_try() -> None:
    text = greeting(settings(), "sk-trial", made=True)
    assert "a first one is in c.yaml" in text
    assert text.count("curl ") == 4
    assert "sk-trial" in text
    bodies = re.findall(r"-d '(.+)'", text)
    assert [json.loads(body).get("model") for body in bodies] == ["mock-chat", "mock-chat", None]
    assert "/v1beta/models/mock-chat:generateContent" in text
