"""HTTP for clients: the data plane, straight on ``http1``.

- ``app``: from a request to its endpoint; what is no endpoint goes on to the control plane.
- **Endpoint** (``endpoints``): a table: path -> protocol, operation.
- **HttpSink** (``sink``): the pipeline's ``Sink`` over one HTTP request.
- ``body`` reads and decompresses; ``models`` lists; ``errors`` writes what goes wrong outside an exchange.
"""
