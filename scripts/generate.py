"""Writes the generated files, or checks that they are fresh (``--check``).

The configuration's JSON Schema, the OpenAPI document, the command line's help, the tables of protocol support and of providers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def schema() -> str:
    from plexus.configuration.schema import json_schema

    return json_schema()


def openapi() -> str:
    import json

    from plexus.management_api.app import openapi_document

    return json.dumps(openapi_document(), indent=2) + "\n"


def cli_help() -> str:
    from scripts.cli_help import render
    from typer.main import get_command

    from plexus.cli.commands import app

    return render(get_command(app))


def support() -> str:
    from scripts.support import render

    return render()


def configuration() -> str:
    from scripts.configuration_page import render

    return render((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))


def providers() -> str:
    from scripts.providers_page import render

    return render()


FILES: dict[str, Callable[[], str]] = {
    "docs/plexus.schema.json": schema,
    "docs/configuration.md": configuration,
    "docs/openapi.json": openapi,
    "docs/cli.md": cli_help,
    "docs/protocols/support.md": support,
    "docs/providers.md": providers,
}


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in FILES.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name} {'is stale: run .venv/bin/python scripts/generate.py' if check else 'is written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
