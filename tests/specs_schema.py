"""The vendors' API documents under ``tests/specs`` (see its README) as JSON Schema validators."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent / "specs"


@functools.cache
def document(name: str) -> dict[str, Any]:
    """One of the documents, e.g. ``openai-core.openapi`` or ``anthropic-messages.schema``."""
    with gzip.open(ROOT / f"{name}.json.gz") as packed:
        loaded: dict[str, Any] = json.load(packed)
    return loaded


@functools.cache
def openai(schema: str) -> Draft202012Validator:
    """A schema of OpenAI's document, e.g. ``CreateChatCompletionResponse``."""
    components = document("openai-core.openapi")["components"]
    return Draft202012Validator({"components": components, "$ref": f"#/components/schemas/{schema}"})


@functools.cache
def openai_loosely(schema: str) -> Draft202012Validator:
    """The same, where one of several may be any of them: what Responses takes as input fits two of its kinds at once."""
    text = json.dumps(document("openai-core.openapi")["components"]).replace('"oneOf"', '"anyOf"')
    return Draft202012Validator({"components": json.loads(text), "$ref": f"#/components/schemas/{schema}"})


@functools.cache
def open_responses(schema: str) -> Draft202012Validator:
    """A schema of the Open Responses specification, e.g. ``ResponseResource``: stricter than OpenAI's about what is there."""
    components = document("openresponses.openapi")["components"]
    return Draft202012Validator({"components": components, "$ref": f"#/components/schemas/{schema}"})


@functools.cache
def anthropic(root: str) -> Draft202012Validator:
    """A root of Anthropic's schema, e.g. ``Message`` or ``RawMessageStreamEvent``."""
    definitions = document("anthropic-messages.schema")["$defs"]
    return Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/root:{root}"})


@functools.cache
def openresponses(schema: str) -> Draft202012Validator:
    """A schema of the Open Responses specification, e.g. ``ResponseResource``."""
    components = document("openresponses.openapi")["components"]
    return Draft202012Validator({"components": components, "$ref": f"#/components/schemas/{schema}"})


@functools.cache
def gemini(schema: str) -> Draft202012Validator:
    """A schema of the Gemini API's document, e.g. ``GenerateContentResponse``."""
    components = document("gemini-native.openapi")["components"]
    return Draft202012Validator({"components": components, "$ref": f"#/components/schemas/{schema}"})


@functools.cache
def genai(root: str) -> Draft202012Validator:
    """A root of the google-genai SDK's schema, e.g. ``GenerateContentResponse``."""
    definitions = document("gemini-genai.schema")["$defs"]
    return Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/root:{root}"})
