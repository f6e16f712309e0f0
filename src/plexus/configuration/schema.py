"""The JSON Schema of the file, so that editors complete and check it."""

from __future__ import annotations

import json
from typing import Any

from plexus.configuration.document import Document

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> str:
    """The schema as text, camelCase names included where the fuller dialect has them."""
    schema: dict[str, Any] = {"$schema": SCHEMA_ID, "title": "Plexus configuration", **Document.model_json_schema()}
    for model in [schema, *schema.get("$defs", {}).values()]:
        _allow_camel_case(model)
    schema["patternProperties"] = {"^x-": True}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _allow_camel_case(model: dict[str, Any]) -> None:
    from pydantic.alias_generators import to_camel  # noqa: PLC0415 - only this rare command needs it

    properties = model.get("properties", {})
    properties.update({to_camel(name): value for name, value in list(properties.items()) if to_camel(name) != name})
