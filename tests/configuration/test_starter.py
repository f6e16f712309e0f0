from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from tests.configuration.support import PEPPER, loaded

from plexus.configuration.secrets import key_digest
from plexus.configuration.starter import starter_key, write_starter
from plexus.routing.resolve import visible_models


def test_the_starter_works_at_once_without_environment(tmp_path: Path) -> None:
    path = tmp_path / "config" / "plexus.yaml"
    starter = write_starter(path)
    assert re.fullmatch(r"sk-[A-Za-z0-9_-]{43}", starter.key)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", starter.admin_key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = loaded(path)
    assert found.warnings == ()
    assert found.admin_key == starter.admin_key
    key = found.snapshot.keys[key_digest(starter.key, PEPPER)]
    assert key.name == "default"
    assert found.snapshot.providers["mock"].preset == "mock"
    first = visible_models(key, found.snapshot)[0]
    assert first.name == "mock-chat"
    assert first.targets[0].protocols == ("openai_chat", "anthropic_messages")


def test_the_real_provider_in_its_comments_works_too(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    write_starter(path)
    text = re.sub(
        r"^  # ((?:  )*(?:openai|gpt-4o|api_key|aliases|provider|model_id):.*)$",
        r"  \1",
        path.read_text(),
        flags=re.MULTILINE,
    )
    found = loaded(text, {"OPENAI_API_KEY": "x"})
    assert found.warnings == ()
    assert found.snapshot.routes["gpt-4"].targets[0].name == "openai/gpt-4o"


def test_no_two_starters_share_a_secret(tmp_path: Path) -> None:
    starters = [write_starter(tmp_path / str(number) / "plexus.yaml") for number in range(3)]
    assert len({secret for starter in starters for secret in starter}) == 6
    assert starters[0].key not in repr(starters[0])


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text("providers: {}\n")
    with pytest.raises(FileExistsError):
        write_starter(path)
    assert path.read_text() == "providers: {}\n"


def test_the_next_start_finds_the_key_again(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    assert starter_key(path) is None
    starter = write_starter(path)
    assert starter_key(path) == starter.key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "providers: [",
        "- a",
        "providers: { mock: {}, acme: { base_url: https://a.example } }\nkeys: { default: { secret: sk-0123456789 } }",
        "providers: { openai: {} }\nkeys: { default: { secret: sk-0123456789 } }",
        "providers: { mock: {} }\nkeys: { default: { secret: '${KEY}' } }",
        "providers: { mock: {} }\nkeys: { default: { secret: 'file:key' } }",
        "providers: { mock: {} }\nkeys: { sk-0123456789ab: {} }",
    ],
)
def test_a_key_that_is_not_the_starters_is_never_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text(text)
    assert starter_key(path) is None
