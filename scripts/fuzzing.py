"""Fuzzes every decoder for a bounded time (``scripts/fuzz``): with atheris, or, where there is none, without coverage."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path("build/fuzz")
LONGEST = 16 * 1024
"""Bytes of an input."""
PER_TARGET = 8
"""Recordings that a target begins with."""
SLOWEST = 20
"""Seconds that one input may take."""
MOST_MEMORY = 2048
"""Megabytes."""


def main() -> int:
    """0: nothing was found."""
    options = _options()
    atheris: Any = None
    if not options.without_atheris and importlib.util.find_spec("atheris") is not None:
        atheris = importlib.import_module("atheris")
        with atheris.instrument_imports(include=["plexus"]):
            import tests.fuzz.targets  # noqa: F401 - so that what it imports is instrumented
    from tests.fuzz.targets import TARGETS

    if options.list:
        print("\n".join(TARGETS))
        return 0
    names = [name for name in TARGETS if options.target in (None, name)]
    if not names:
        print(f"there is no target {options.target!r}; --list has them", file=sys.stderr)
        return 2
    if options.again is not None:
        return _again(options.again, names)
    if atheris is None:
        return run_plainly(names, options.seconds, options.seed)
    run_guided(atheris, names, options.seconds, options.seed)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target")
    parser.add_argument("--again", type=Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--without-atheris", action="store_true")
    return parser.parse_args()


def choose(names: Sequence[str], data: bytes) -> tuple[str, bytes]:
    """The target that an input is for, by its first byte, and what is for it."""
    return names[data[0] % len(names)] if data else names[0], data[1:]


def _call(names: Sequence[str], data: bytes) -> None:
    from tests.fuzz.targets import TARGETS

    name, rest = choose(names, data)
    TARGETS[name](rest)


def _again(path: Path, names: Sequence[str]) -> int:
    data = path.read_bytes()
    name, rest = choose(names, data)
    print(f"{name}: {rest[:2000]!r}")
    _call(names, data)
    print("nothing happens")
    return 0


def beginnings(names: Sequence[str], most: int = LONGEST) -> list[bytes]:
    """Inputs to begin with, each with the byte of its target in front."""
    from tests.fuzz.seeds import seeds

    return [
        bytes([number]) + seed
        for number, name in enumerate(names)
        for seed in sorted(seeds(name, most - 1), key=len)[: 4 * PER_TARGET : 4]
    ]


# --- with coverage


def run_guided(atheris: Any, names: Sequence[str], seconds: float, seed: int) -> None:
    """Does not return: libFuzzer ends the process, with 77 where something was found."""
    corpus = FOLDER / "corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True)
    for data in beginnings(names):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    arguments = [
        "scripts/fuzz", f"-max_total_time={max(1, round(seconds))}", f"-seed={seed}", f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MOST_MEMORY}", f"-max_len={LONGEST}", f"-artifact_prefix={FOLDER}/", "-print_final_stats=1",
        "-verbosity=0", str(corpus),
    ]  # fmt: skip
    atheris.Setup(arguments, lambda data: _call(names, data), custom_mutator=mutator(atheris))
    atheris.Fuzz()


def mutator(atheris: Any) -> Callable[[bytes, int, int], bytes]:
    """libFuzzer's own changes, and half the time ours, which know of JSON."""
    from tests.fuzz.mutate import mutate

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 2 or not data:
            return bytes(atheris.Mutate(data, max_size))
        return (data[:1] + mutate(data[1:], Random(seed)))[:max_size]

    return change


# --- without


def run_plainly(names: Sequence[str], seconds: float, seed: int, now: Callable[[], float] = time.monotonic) -> int:
    """Damages recordings at random. What breaks a decoder is kept as a file; 1 where something did."""
    from tests.fuzz.mutate import mutate

    random = Random(seed)
    started = beginnings(names)
    end = now() + seconds
    count = 0
    while now() < end:
        data = random.choice(started)
        data = data[:1] + mutate(data[1:], random)
        count += 1
        try:
            _call(names, data)
        except Exception:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path = FOLDER / f"crash-{hashlib.sha256(data).hexdigest()[:16]}"
            path.write_bytes(data)
            print(f"{choose(names, data)[0]} broke: scripts/fuzz --again {path}", file=sys.stderr)
            raise
    print(f"{count} inputs in {seconds:g} seconds, none broke a decoder (without coverage)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
