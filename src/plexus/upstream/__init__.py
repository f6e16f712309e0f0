"""Calls to providers: the only package that opens outgoing connections.

- **UpstreamRequest**: one call, as values.
- **UpstreamClient**: sends calls; owns everything below.
- **UpstreamReply**: a provider's answer after its head: taken whole, in chunks, or by callbacks.
- **Pool**: one origin's connections: those put aside for the next call, and how many there may be.
- **dial**: from an origin to a connection: names, sockets, tunnel, TLS.
- **Proxies**: which proxy stands before an origin, as the environment says it.
- **TlsContexts**: one TLS context per way to trust.
- **Deadlines**: time limits of many calls under one timer.
- **Decompressor**: undoes a content coding that nobody asked for.
- **errors**: what a connection did, as the canonical TransportError.
"""
