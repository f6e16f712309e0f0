from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from plexus.telemetry.logging import configure_logging


@pytest.fixture(autouse=True)
def root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_lines_hold_message_and_traceback() -> None:
    stream = io.StringIO()
    configure_logging("info", stream=stream, json=True)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("plexus.x").exception("failed %d", 7)
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("error", "plexus.x", "failed 7")
    assert "ValueError: broken" in line["traceback"]
    assert line["time"].endswith("+00:00")


def test_the_level_holds_and_libraries_are_quiet() -> None:
    stream = io.StringIO()
    configure_logging("debug", stream=stream, json=False)
    logging.getLogger("plexus").debug("seen")
    logging.getLogger("aiosqlite").info("noise")
    assert "seen" in stream.getvalue()
    assert "noise" not in stream.getvalue()


def test_what_is_no_terminal_gets_json() -> None:
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    logging.getLogger("plexus").info("x")
    assert json.loads(stream.getvalue())["message"] == "x"


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure_logging("loud")
