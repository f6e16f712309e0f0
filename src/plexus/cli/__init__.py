"""The command line, one file a command. ``main`` is the entry point of the ``plexus`` script.

``plexus serve`` goes past typer: a gateway must listen before half of it is loaded, and typer is a third of that half.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the arguments name."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["serve"] and not {"--help", "-h"} & set(arguments):
        from plexus.cli.serve import main as serve  # noqa: PLC0415 - each command loads what it needs

        raise SystemExit(serve(arguments[1:]))
    from plexus.cli.commands import app  # noqa: PLC0415

    app()
