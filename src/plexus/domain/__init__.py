"""The nouns that an operator configures and reads. Pure values; what they mean is in docs/concepts.md.

- **Provider**, **Endpoint**, **Credential** (``provider``): an upstream account: where, who, which protocols.
- **Route**, **Target** (``route``): a public model name, and the provider + upstream model pairs that serve it.
- **Key** (``key``): what a client authenticates with, and what it may use.
- **Snapshot** (``snapshot``): the whole configuration, compiled and frozen.
- **Record**, **AttemptRecord** (``record``): what an exchange leaves behind.
"""
