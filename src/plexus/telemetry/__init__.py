"""How the gateway speaks of itself.

- ``logging``: lines for people or for machines, set up once by the command line.
"""
