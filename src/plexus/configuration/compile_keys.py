"""Client keys, in both dialects: from the document to ``domain.Key``."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence

from plexus.configuration.document import KeyPart
from plexus.configuration.errors import Path
from plexus.configuration.scope import Scope
from plexus.configuration.secrets import key_digest
from plexus.domain.key import Key

MIN_SECRET = 12
SENDABLE = re.compile(r"[\x21-\x39\x3b-\x7e]+")
"""Visible ASCII without the colon, behind which clients put a label."""
NOTHING = "(?!)"


def compile_keys(keys: Mapping[str, KeyPart | None], scope: Scope) -> dict[bytes, Key]:
    """Digest -> key. Mistakes are reported, and such keys left out."""
    parts = {name: part or KeyPart() for name, part in keys.items()}
    bare = [name for name, part in parts.items() if part.secret is None]
    mixed = bool(bare) and len(bare) < len(parts)
    found: dict[bytes, Key] = {}
    places: dict[bytes, Path] = {}
    for name, part in parts.items():
        path: Path = ("keys", name)
        if part.secret is not None:
            secret, where = part.secret.get_secret_value(), (*path, "secret")
        elif mixed:
            advice = "Give it one: either all entries have a `secret`, or for all of them the name is the secret."
            scope.wrong(path, "has no `secret`, and other keys have one.", advice, key=True)
            continue
        else:
            secret, where = name, path
        if not _usable(secret, where, scope):
            continue
        digest = key_digest(secret, scope.pepper)
        if digest in places:
            line = scope.tree.mark(places[digest]).line
            scope.wrong(where, f"is the same secret as on line {line}.", "Every key has its own.", key=True)
            continue
        places[digest] = where
        found[digest] = _key(f"key-{digest.hex()[:8]}" if where == path else name, digest, part)
    return found


def _usable(secret: str, path: Path, scope: Scope) -> bool:
    if len(secret) < MIN_SECRET:
        scope.wrong(
            path, f"the secret has fewer than {MIN_SECRET} characters.", "Write a longer one, made at random.", key=True
        )
        return False
    if SENDABLE.fullmatch(secret) is None:
        scope.wrong(
            path, "the secret holds a colon, a space, or what is not ASCII.", "Clients could not send it.", key=True
        )
        return False
    return True


def _key(name: str, digest: bytes, part: KeyPart) -> Key:
    globs = ("*",) if part.models is None else tuple(part.models)
    return Key(
        name=name,
        digest=digest,
        models=one_pattern(globs),
        model_globs=globs,
        comment=part.comment,
        strict=part.strict,
        enabled=part.enabled,
    )


def one_pattern(globs: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for all globs (``fnmatch``: ``*``, ``?``, ``[…]``; case matters). None where everything matches."""
    if "*" in globs:
        return None
    return re.compile("|".join(fnmatch.translate(glob) for glob in globs) or NOTHING)
