"""``plexus serve``: run a gateway until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from plexus.app import App, run
from plexus.configuration.problems import ConfigurationError
from plexus.configuration.starter import write_starter
from plexus.settings import Settings, SettingsError
from plexus.telemetry.logging import configure_logging

USAGE_ERROR = 2


def parser() -> argparse.ArgumentParser:
    """The command's own arguments; each wins over its environment variable."""
    arguments = argparse.ArgumentParser(prog="plexus serve", description="Run a gateway until it is told to stop.")
    arguments.add_argument("--host", help="address to listen on (HOST, 127.0.0.1)")
    arguments.add_argument("--port", type=int, help="port to listen on (PORT, 4000)")
    arguments.add_argument("--config", type=Path, help="configuration file (PLEXUS_CONFIG, config/plexus.yaml)")
    arguments.add_argument("--reload", action="store_true", help="start anew whenever the source changes (development)")
    return arguments


def main(arguments: list[str]) -> int:
    """Serve; the exit status. 2 for settings or a configuration that cannot be used, 1 when the port cannot be had."""
    options = parser().parse_args(arguments)
    if options.reload:
        from plexus.cli.reload import run_reloading  # noqa: PLC0415 - development only

        return run_reloading([argument for argument in arguments if argument != "--reload"])
    environ = dict(os.environ)
    for name, value in (("HOST", options.host), ("PORT", options.port), ("PLEXUS_CONFIG", options.config)):
        if value is not None:
            environ[name] = str(value)
    try:
        settings = Settings.from_environ(environ)
    except SettingsError as wrong:
        return _fail(str(wrong))
    configure_logging(settings.log_level)
    return _serve(settings, environ)


def _fail(message: str, status: int = USAGE_ERROR) -> int:
    sys.stderr.write(message + "\n")
    return status


def _serve(settings: Settings, environ: dict[str, str]) -> int:
    made = False
    try:
        if not settings.config.exists():
            write_starter(settings.config)
            made = True
        app = App(settings, environ)
        loop_factory = _loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(_run(app, made=made))
    except ConfigurationError as wrong:
        lines = [f"{settings.config}:{problem}" for problem in wrong.problems]
        return _fail("\n".join([*lines, f"{len(lines)} mistake(s); nothing was started."]))
    except SettingsError as wrong:
        return _fail(str(wrong))
    except OSError as refused:
        return _fail(f"cannot start: {refused}", 1)
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists (it has no build for Windows), else Python's own loop."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _run(app: App, *, made: bool) -> None:
    ready = asyncio.Event()
    serving = asyncio.create_task(run(app, ready=ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if ready.is_set():
        sys.stdout.write(greeting(replace(app.settings, port=app.server.port), app.configuration.trial_key, made=made))
        sys.stdout.flush()
    await serving


def greeting(settings: Settings, trial_key: str | None, *, made: bool) -> str:
    """What a person sees when the gateway has started."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - to be shown, not bound
    url = f"http://{host}:{settings.port}"
    lines = [f"Plexus {settings.version} listens on {url}"]
    if made:
        lines.append(f"No configuration was found: a first one is in {settings.config}.")
    if trial_key is not None:
        lines += _trial(url, trial_key, settings.config)
    return "\n".join(lines) + "\n"


def _trial(url: str, key: str, config: Path) -> list[str]:
    body = '{"model": "mock-chat", "messages": [{"role": "user", "content": "Hello"}]'
    json, bearer = "-H 'Content-Type: application/json'", f"-H 'Authorization: Bearer {key}'"
    stream = f'{body}, "max_tokens": 100, "stream": true}}'
    contents = '{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}'
    gemini = f"{url}/v1beta/models/mock-chat:generateContent"
    return [
        "",
        "It runs on the mock provider: answers are made up, nothing leaves this machine, no key of a provider is needed.",
        f"Your own providers go into {config}; a change takes effect within a second.",
        "",
        f"  key:  {key}",
        "",
        "Try:",
        f"  curl {url}/v1/models {bearer}",
        f"  curl {url}/v1/chat/completions {bearer} {json} -d '{body}}}'",
        f"  curl -N {url}/v1/messages -H 'x-api-key: {key}' -H 'anthropic-version: 2023-06-01' {json} -d '{stream}'",
        f"  curl {gemini} -H 'x-goog-api-key: {key}' {json} -d '{contents}'",
        "",
    ]
