"""Writes what is generated from the configuration's models: the JSON Schema, and the tables of docs/configuration.md."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from plexus.configuration.document import Document
from plexus.configuration.later import NOT_IN_EFFECT
from plexus.configuration.part import all_parts, names_of
from plexus.configuration.schema import descriptions, json_schema

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = DOCS / "plexus.schema.json"
PAGE = DOCS / "configuration.md"
BLOCK = re.compile(r"(<!-- members of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
WAITING = {pending.path[-1] for pending in NOT_IN_EFFECT if not pending.values}


def schema_text() -> str:
    """docs/plexus.schema.json."""
    return json.dumps(json_schema(), indent=2, allow_nan=False) + "\n"


def page_text(page: str) -> str:
    """docs/configuration.md with its tables made anew."""
    parts = {part.__name__: part for part in all_parts()}
    return BLOCK.sub(lambda found: found[1] + table(parts[found[2]]) + found[3], page)


def table(part: type[BaseModel]) -> str:
    """A row for each member, the names of both dialects in it."""
    rows = ["", "| Member | Default | Meaning |", "|---|---|---|"]
    texts = descriptions(part)
    for member, names in names_of(part).items():
        shown = " or ".join(f"`{name}`" for name in names)
        waits = " *Not in effect yet.*" if member in WAITING and part.__module__ == Document.__module__ else ""
        rows.append(
            f"| {shown} | {default(part.model_fields[member])} | {texts[member]}{waits} |".replace("`|`", "`\\|`")
        )
    return "\n".join([*rows, "", ""])


def default(field: FieldInfo) -> str:
    """The default of a member, as a reader of YAML would write it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ({}, []):
        return "none"
    if value == float("inf"):
        return "no limit"
    text = json.dumps(value).strip('"')
    return f"`{text.removesuffix('.0')}`"


def main() -> None:
    """Write the files; with ``--check`` only tell whether they are fresh."""
    fresh = {SCHEMA: schema_text(), PAGE: page_text(PAGE.read_text(encoding="utf-8"))}
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(DOCS.parent)}: {'stale' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(fresh[path], encoding="utf-8")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
