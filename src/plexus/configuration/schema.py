"""The JSON Schema of the file, so that editors complete and check it."""

from __future__ import annotations

import json
from typing import Any

from pydantic.alias_generators import to_camel

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
    properties, required = model.get("properties", {}), model.get("required", [])
    properties.update({to_camel(name): value for name, value in list(properties.items()) if to_camel(name) != name})
    doubled = [name for name in required if to_camel(name) != name]
    if doubled:
        model["required"] = [name for name in required if name not in doubled]
        model["allOf"] = [{"anyOf": [{"required": [name]}, {"required": [to_camel(name)]}]} for name in doubled]
