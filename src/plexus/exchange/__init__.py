"""The pipeline: one client call and its reply, start to end. Read ``pipeline`` first.

- **Call** (``call``): what the client API hands in; **Question**: its body, read: which model, streamed or not.
- **Exchange**, **Attempt** (``exchange``): the per-call state, one writer; its exit files the record.
- ``authenticate`` finds the key; ``attempt`` is the failover loop up to the commit; ``relay`` carries the rest.
- ``committable``: what of a provider's reply can be committed, and what is a failure instead.
- ``prepare`` turns a target into an upstream request, on one of three lanes.
- **Carrier** (``carrier``): turns a provider's stream into the client's, passing or translating.
- ``seal`` wraps reasoning state that a client of another protocol carries.
- ``turns/``: what the Responses API keeps, and goes on from; ``carried/``: operations of which nothing is translated.
- ``passage``, ``passthrough``: raw calls, round the middle of the pipeline.
- **Gateway** (``gateway``): the parts that every exchange uses; **ports**: their interfaces.
"""
