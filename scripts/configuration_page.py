"""The tables of docs/configuration.md: what stands between ``<!-- members of NAME -->`` and ``<!-- end -->``."""

from __future__ import annotations

import math
import re

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from plexus.configuration import document

BLOCK = re.compile(r"(<!-- members of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
UNSHOWN = {"oauth_provider", "oauth_account"}
"""Members that exist to be refused with a word of their own."""


def models() -> dict[str, type[BaseModel]]:
    """The document's parts, by name."""
    found = {
        name: part for name, part in vars(document).items() if isinstance(part, type) and issubclass(part, BaseModel)
    }
    return {name: part for name, part in found.items() if part.model_fields and part.__module__ == document.__name__}


def render(page: str) -> str:
    """The page with its tables written anew. Raises KeyError for a part that is not there."""
    parts = models()
    return BLOCK.sub(lambda found: f"{found[1]}\n{_table(parts[found[2]])}\n{found[3]}", page)


def _table(part: type[BaseModel]) -> str:
    rows = ["| Member | Default | Meaning |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {_default(field)} | {field.description or ''} |"
        for name, field in part.model_fields.items()
        if name not in UNSHOWN
    ]
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ({}, []) or isinstance(value, BaseModel):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value == math.inf:
        return "no limit"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
