"""What is known about providers beforehand, and how a credential is sent.

- **Preset** (``presets``): URLs, auth scheme, protocols and dialect answers of one known provider; a TOML file each.
- ``auth``: the header or query parameter that carries a credential.
"""
