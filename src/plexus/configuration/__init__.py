"""The one configuration document: YAML in both dialects, validated as a whole, compiled to a Snapshot.

- **Tree** (``tree``): the YAML as plain values, where each one stands, and ``${…}`` filled in (``interpolate``).
- **Document** (``document``, ``later``): what may stand in the file; the only place that describes it.
- **Problem** (``errors``): one mistake: line, column, what is wrong, what to write. All of them are reported at once.
- **Loaded** (``load``): ``load()`` goes all the way: text, tree, document, Snapshot (``compile``, with ``urls``,
  ``compile_providers``, ``compile_routes``, ``compile_keys`` and ``dialects``).
- **FileSource** (``file_source``): follows the file; a bad one never replaces a good Snapshot.
- **secrets**: the root key, what is derived of it, and the digest by which a client's secret is looked up.
- ``write_back`` changes the file and keeps its comments, ``starter`` writes the first one, ``schema`` its JSON Schema.
"""
