"""The pipeline: one client call and its reply, start to end. Read ``pipeline`` first.

- **Call** (``call``): what the client API hands in; **Question**: its body, read: which model, streamed or not.
- **Exchange**, **Attempt** (``exchange``): the per-call state, one writer; its exit files the record.
- ``authenticate`` finds the key; ``attempt`` is the failover loop up to the commit; ``relay`` carries the rest.
- ``prepare`` turns a target into an upstream request, on one of three lanes.
- **Carrier** (``carrier``): turns a provider's stream into the client's, passing or translating.
- ``seal`` wraps reasoning state that a client of another protocol carries.
- **Gateway** (``gateway``): the parts that every exchange uses; **ports**: their interfaces.
"""
