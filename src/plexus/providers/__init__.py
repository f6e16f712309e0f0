"""What is known about providers beforehand, and how their credentials are sent.

- **Preset** (``presets``): one provider's URLs, auth schemes, protocols and dialect answers; a TOML file in ``presets/``.
- **auth**: the header fields, or the part of the query, that carry a credential.
"""
