"""docs/configuration.md says everything that the file may hold, and every environment variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts.configuration_page import UNSHOWN, models, render

PAGE = Path("docs/configuration.md").read_text(encoding="utf-8")


def test_its_tables_are_fresh() -> None:
    assert render(PAGE) == PAGE


@pytest.mark.parametrize("name", sorted(models()))
def test_every_part_is_there_and_every_member_says_what_it_is(name: str) -> None:
    assert f"<!-- members of {name} -->" in PAGE
    silent = [member for member, field in models()[name].model_fields.items() if not field.description]
    assert set(silent) <= UNSHOWN


def test_every_environment_variable_is_there() -> None:
    source = Path("src/plexus/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', source))
    assert len(read) > 8
    table = PAGE[PAGE.index("## Environment") :]
    assert {name for name in read if f"`{name}`" not in table} == set()
