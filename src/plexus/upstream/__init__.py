"""Calls to providers: the only package that opens outgoing connections.

- **UpstreamClient** (``client``): sends an **UpstreamRequest** (``request``), gives an **UpstreamReply** (``reply``).
- **Pool** (``pool``): the connections of one origin, kept alive and reused.
- ``connect`` opens one (name, TCP, TLS, proxy) within its time; ``tls`` says whom to trust; ``proxy`` reads the environment.
- ``failures`` names what a connection does as the canonical error kinds.
"""
