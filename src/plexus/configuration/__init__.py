"""The one configuration document: YAML in both dialects -> validated document -> Snapshot.

- **Document** (``document``): the pydantic models of the file; ``legacy`` maps the mission's dialect onto them.
- **Problem**, **ConfigurationError** (``problems``): what is wrong, where, and what to write instead.
- ``yaml_source`` reads YAML with positions; ``interpolate`` fills in ``${ENV}`` and ``file:``.
- ``compile`` makes the Snapshot; ``urls`` reads base URLs; ``secrets`` derives keys and digests.
- **FileSource** (``file_source``): load, watch, swap; ``starter`` writes a first file; ``schema`` publishes the JSON Schema.
"""
