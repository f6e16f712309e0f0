"""Members go into a settings file, and everything else stays."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.clients.client import Form
from plexus.clients.merge import CannotMerge, merge, merged_values

CODEX: dict[str, Any] = {
    "model": "m",
    "model_provider": "plexus",
    "model_providers": {"plexus": {"name": "Plexus", "base_url": "http://gw/v1"}},
}


def test_json_objects_are_merged_and_the_rest_stays() -> None:
    old = '{"theme": "dark", "env": {"OTHER": "1", "KEY": "old"}}'
    assert json.loads(merge(old, "json", {"env": {"KEY": "new"}})) == {
        "theme": "dark",
        "env": {"OTHER": "1", "KEY": "new"},
    }


def test_yaml_keeps_comments_and_order() -> None:
    old = "# mine\ndark-mode: true # always\nmodel: old\n"
    assert merge(old, "yaml", {"model": "new", "more": 1}) == "# mine\ndark-mode: true # always\nmodel: new\nmore: 1\n"
    assert merge("# only this\n", "yaml", {"model": "new"}) == "# only this\nmodel: new\n"


def test_env_replaces_its_lines_only() -> None:
    old = "# mine\nexport KEY=old\nOTHER=KEY=1\n"
    assert merge(old, "env", {"KEY": "new", "URL": "http://gw"}) == "# mine\nOTHER=KEY=1\nKEY=new\nURL=http://gw\n"


def test_toml_keeps_comments_and_other_tables() -> None:
    old = """# mine
model = "old"
approval_policy = "never" # always

[model_providers.other]
name = "Other"

[model_providers.plexus]
name = "Before"
request_max_retries = 7

[mcp_servers.docs]
command = "docs"
"""
    new = merge(old, "toml", CODEX)
    assert "# mine\n" in new
    assert 'approval_policy = "never" # always\n' in new
    read = tomllib.loads(new)
    assert read["model"] == "m"
    assert read["approval_policy"] == "never"
    assert read["model_providers"]["other"] == {"name": "Other"}
    assert read["model_providers"]["plexus"] == CODEX["model_providers"]["plexus"] | {"request_max_retries": 7}
    assert read["mcp_servers"] == {"docs": {"command": "docs"}}
    assert merge(new, "toml", CODEX) == new, "a second time changes nothing"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("json", "{ // a comment\n}"),
        ("json", "[]"),
        ("toml", "model = "),
        ("toml", 'model_providers = { plexus = { name = "inline" } }\n'),
        ("toml", 'model = """\nseveral\nlines"""\n'),
        ("toml", '[model_providers.plexus]\nname = "x"\n[model_providers.plexus.http_headers]\na = "b"\n'),
        ("yaml", "a: [b"),
        ("yaml", "- a\n"),
    ],
)
def test_what_cannot_be_kept_is_refused(form: Form, text: str) -> None:
    with pytest.raises(CannotMerge):
        merge(text, form, CODEX)


PLAIN = st.text(alphabet="abcé \"'\\#=[]\n\t", max_size=12)
NAMES = st.text(alphabet="abcxyz_", min_size=1, max_size=6)
TABLE = st.dictionaries(NAMES, st.one_of(PLAIN, st.integers(), st.booleans()), max_size=4)


@given(TABLE, st.dictionaries(NAMES, TABLE, max_size=3))
def test_any_toml_comes_out_as_if_merged_by_value(root: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    root = {name: value for name, value in root.items() if name not in tables}
    lines = [f"{name} = {json.dumps(value)}" for name, value in root.items()]
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{member} = {json.dumps(value)}" for member, value in values.items())]
    new = merge("\n".join(lines), "toml", CODEX)
    assert tomllib.loads(new) == merged_values(root | tables, CODEX)
