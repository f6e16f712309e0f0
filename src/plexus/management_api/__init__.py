"""HTTP for operators: the control plane, an ordinary ASGI application on FastAPI (docs/adr/0004).

- ``app`` builds the application from **ControlPlane** (``app``), the few things that it may see of the gateway.
- ``auth`` admits operators by ``x-admin-key``; ``errors`` writes the one error shape.
- ``system`` answers what runs here; ``views`` are the request and reply models, the source of the OpenAPI document.
"""
