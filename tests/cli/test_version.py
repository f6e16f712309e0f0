from __future__ import annotations

import json
import platform

from tests.cli.running import Shell

from plexus import __version__


def test_both_versions(shell: Shell) -> None:
    assert shell.run("version").stdout == f"plexus {__version__} (Python {platform.python_version()})\n"
    assert json.loads(shell.run("version", "--json").stdout) == {
        "plexus": __version__,
        "python": platform.python_version(),
    }
