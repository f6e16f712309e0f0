from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.making import raw, wish

from plexus.canonical.content import CacheMark, Citation, Document, Extras, Image, PlainText, Text, Url
from plexus.canonical.errors import ClientError
from plexus.canonical.losses import Losses
from plexus.canonical.request import AudioOutput
from plexus.protocols.unsupported import note_extras, note_marks, note_settings, refuse_other_answers


def lost(note: Any, *arguments: Any) -> list[tuple[str, str]]:
    losses = Losses()
    note(*arguments, losses)
    return [(loss.path, loss.reason) for loss in losses]


def test_settings() -> None:
    request = wish("x", user="u", store=False, parallel_tool_calls=True, seed=0)
    names = ("user", "store", "parallel_tool_calls", "seed", "verbosity")
    assert lost(note_settings, request, names) == [("user", "unsupported"), ("seed", "unsupported")]
    assert lost(note_settings, wish("x", store=True, parallel_tool_calls=False), names) == [
        ("store", "unsupported"),
        ("parallel_tool_calls", "unsupported"),
    ]


def test_unknown_members_but_no_twins() -> None:
    extras = Extras("openai_chat", {"a": raw(1)}, {"b": raw(2)})
    assert lost(note_extras, extras, "") == [("a", "foreign")]
    assert lost(note_extras, extras, "tools[0]") == [("tools[0].a", "foreign")]
    assert lost(note_extras, None, "x") == []


@pytest.mark.parametrize(("block", "names"), [
    (Text(text="x", cache=CacheMark(), citations=(Citation(origin="x", kind="y"),)), ["cache_control", "citations"]),
    (Image(source=Url("u"), detail="low"), ["detail"]),
    (Image(source=Url("u"), detail="auto"), []),
    (Document(source=PlainText("x"), context="c", citations=True), ["context", "citations"]),
    (Document(source=PlainText("x"), citations=False), []),
])  # fmt: skip
def test_what_stands_beside_content(block: Any, names: list[str]) -> None:
    assert lost(note_marks, block, "p") == [(f"p.{name}", "unsupported") for name in names]


@pytest.mark.parametrize(("settings", "param"), [
    ({"candidates": 2}, "n"), ({"modalities": ("audio",)}, "modalities"), ({"modalities": ("text", "image")}, "modalities"),
    ({"audio": AudioOutput()}, "modalities"),
])  # fmt: skip
def test_other_answers(settings: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError, match="Somebody") as caught:
        refuse_other_answers(wish("x", **settings), "Somebody")
    assert caught.value.param == param


def test_one_answer_in_words() -> None:
    refuse_other_answers(wish("x", candidates=1, modalities=("text",)), "Somebody")
