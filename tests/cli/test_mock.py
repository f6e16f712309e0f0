from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request


def test_it_plays_on_a_port_of_its_own_until_it_is_told_to_stop() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "plexus", "mock", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        url = said.removeprefix("The mock provider listens on ").split(" and ")[0]
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        body = json.dumps({"model": "mock-chat", "messages": [{"role": "user", "content": "Hello"}]}).encode()
        call = urllib.request.Request(f"{url}/chat/completions", body, {"content-type": "application/json"})
        with urllib.request.urlopen(call, timeout=30) as reply:
            assert json.load(reply)["choices"][0]["message"]["content"]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
