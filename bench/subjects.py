"""What is measured, and what it stands in front of: the mock upstream, nginx, the gateway."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

from bench import bodies, machine

ROOT = Path(__file__).parents[1]
MOCK_PORT, NGINX_PORT, GATEWAY_PORT = 19100, 19101, 19102
LANES = ("pass", "edit", "translate")
PAIRS = tuple(f"{client} over {spoken}" for client in bodies.PROTOCOLS for spoken in bodies.PROTOCOLS)
"""A client's protocol over a provider's."""

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 128k; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream mock {{ server 127.0.0.1:{mock}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024; tcp_nodelay on;
    location / {{ proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
  }}
}}
"""

PLEXUS = """
providers:
  chat: {{ api_base_url: {{ chat: "http://127.0.0.1:{mock}/v1" }}, api_key: "upstream-secret", models: ["*"] }}
  messages: {{ api_base_url: {{ messages: "http://127.0.0.1:{mock}/v1" }}, api_key: "upstream-secret", models: ["*"] }}
  responses: {{ api_base_url: {{ responses: "http://127.0.0.1:{mock}/v1" }}, api_key: "upstream-secret", models: ["*"] }}
  gemini: {{ api_base_url: {{ gemini: "http://127.0.0.1:{mock}/v1beta" }}, api_key: "upstream-secret", models: ["*"] }}
models:
  bench-pass: {{ targets: [{{ provider: chat, model: bench-pass }}] }}
  bench-edit: {{ targets: [{{ provider: chat, model: bench-1 }}] }}
  bench-translate: {{ targets: [{{ provider: messages, model: bench-1 }}] }}
  bench-over-chat: {{ targets: [{{ provider: chat, model: bench-1 }}] }}
  bench-over-messages: {{ targets: [{{ provider: messages, model: bench-1 }}] }}
  bench-over-responses: {{ targets: [{{ provider: responses, model: bench-1 }}] }}
  bench-over-gemini: {{ targets: [{{ provider: gemini, model: bench-1 }}] }}
keys:
  bench: {{ secret: "{key}" }}
"""


def compiled(name: str, folder: Path) -> Path:
    """The C program ``name``, built when it is older than its source."""
    source, program = ROOT / "bench" / f"{name}.c", folder / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
    return program


def wait_for(port: int, request: bytes, process: subprocess.Popen[bytes], limit: float = 30.0) -> float:
    """Until a request is answered with 200; the moment (monotonic). Raises RuntimeError when it never is."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    answer = b""
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            answer = reply.read()
            if reply.status == 200:
                return time.monotonic()
            break
        time.sleep(0.002)
    raise RuntimeError(f"port {port} did not answer a request with 200: {answer[:500]!r}")


class Mock:
    """The upstream, on the core of the load."""

    def __init__(self, folder: Path) -> None:
        self.process = machine.start([str(compiled("mock", folder)), str(MOCK_PORT)], machine.LOAD_CORE)
        wait_for(MOCK_PORT, bodies.http(bodies.CHAT, b"{}", "none"), self.process)

    def pace(self, first_ms: int, gap_ms: int) -> None:
        """The wait before a stream's first event, and between two deltas."""
        url = f"http://127.0.0.1:{MOCK_PORT}/pace?first={first_ms}&gap={gap_ms}"
        urllib.request.urlopen(url, timeout=5).close()


class Nginx:
    """A plain reverse proxy: no key, no routing, no record."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise SystemExit("bench/run: nginx is needed (Debian: apt-get install nginx-light)")
        self.version = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr.strip()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, mock=MOCK_PORT, port=NGINX_PORT))
        self.process = machine.start([program, "-p", str(folder), "-c", str(config)], machine.SUBJECT_CORE)
        wait_for(NGINX_PORT, bodies.http(bodies.CHAT, b"{}", "none"), self.process)


class Gateway:
    """``plexus serve``, all of it on: keys, routing, record, journal, SQLite."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.folder = folder / "gateway"
        self.command = command
        self.key = "sk-" + secrets.token_urlsafe(32)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "config").mkdir(parents=True)
        config = self.folder / "config" / "plexus.yaml"
        config.write_text(PLEXUS.format(mock=MOCK_PORT, key=self.key))
        config.chmod(0o600)
        self.process, self.first_start = self._start()

    def _start(self) -> tuple[subprocess.Popen[bytes], float]:
        # Bytecode is kept, as it is wherever nobody forbids it: compiling 2,000 files belongs to no start but the first.
        ours = ("PLEXUS", "DATABASE", "LOG", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        begun = time.monotonic()
        process = machine.start(
            self.command,
            machine.SUBJECT_CORE,
            log=self.folder / "log",
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(ROOT), "PORT": str(GATEWAY_PORT), "HOST": "127.0.0.1"},
        )
        body = bodies.chat("bench-pass", "300 B", stream=False)
        return process, wait_for(GATEWAY_PORT, bodies.http(bodies.CHAT, body, self.key), process) - begun

    def restart(self) -> float:
        """Stop and start; seconds from the start of the process to the first served request."""
        machine.stop(self.process)
        self.process, seconds = self._start()
        return seconds

    def recorded(self) -> dict[str, int] | None:
        """Lane -> records in the database; None when it cannot be read."""
        try:
            with contextlib.closing(sqlite3.connect(self.folder / "config" / "usage.sqlite")) as database:
                return dict(database.execute("SELECT lane, count(*) FROM request GROUP BY lane").fetchall())
        except sqlite3.Error:
            return None
