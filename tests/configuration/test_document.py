"""The document against its two pictures: docs/configuration.md, and the example file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts.generate import PAGE, page_text
from tests.configuration.support import DIALECTS, PEPPER, SPOKEN, loaded

from plexus.configuration.document import FailoverPart, TimeoutsPart
from plexus.configuration.load import load
from plexus.configuration.part import Part, all_parts, names_of
from plexus.domain.provider import Timeouts
from plexus.domain.snapshot import Failover
from plexus.providers.presets import preset_names

ROOT = Path(__file__).parents[2]
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("part", list(all_parts()), ids=lambda part: part.__name__)
def test_every_member_is_documented(part: type[Part]) -> None:
    section = re.search(rf"<!-- members of {part.__name__} -->(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert section is not None
    rows = section[1]
    missing = [name for names in names_of(part).values() for name in names if f"`{name}`" not in rows]
    assert missing == []


def test_the_tables_are_fresh() -> None:
    assert page_text(TEXT) == TEXT, "run scripts/generate"


def test_every_preset_is_documented() -> None:
    assert [name for name in preset_names() if f"`{name}`" not in TEXT] == []


def test_the_pages_first_example_loads() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    environ = {"OPENAI_API_KEY": "x", "GROQ_API_KEY": "x"}
    assert len(examples) > 3
    for example in examples:
        assert loaded(example, environ).warnings == ()


def test_the_example_file_loads(tmp_path: Path) -> None:
    text = (ROOT / "config" / "plexus.example.yaml").read_text(encoding="utf-8")
    (tmp_path / "openai").write_text("x")
    path = tmp_path / "plexus.yaml"
    path.write_text(text.replace("/run/secrets/", ""))
    environ = {
        "ANTHROPIC_API_KEY": "x",
        "ACME_API_KEY": "x",
        "LAPTOP_KEY": "sk-laptop-012345",
        "CI_KEY": "sk-ci-0123456789",
        "ADMIN_KEY": "0123456789ab",
    }
    found = load(path, environ, pepper=PEPPER, known_protocols=SPOKEN, dialects=DIALECTS)
    assert found.warnings == ()
    assert set(found.snapshot.routes) == {"gpt-4o", "gpt-4", "4o", "smart", "cheap"}
    assert [key.name for key in found.snapshot.keys.values()] == ["laptop", "ci"]


def test_the_defaults_are_those_of_the_domain() -> None:
    timeouts = TimeoutsPart()
    assert {name: getattr(timeouts, name) for name in TimeoutsPart.model_fields} == {
        name: getattr(Timeouts(), name) for name in Timeouts.__struct_fields__
    }
    failover = FailoverPart()
    for name in ("enabled", "retries", "max_attempts", "patience"):
        assert getattr(failover, name) == getattr(Failover(), name)
