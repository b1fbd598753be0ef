"""`assay serve`: Postgres, migrations, the web and the worker, each a process of its own.

Takes: a data folder, an address to listen at, the environment.
Gives: a running node that restarts what dies, and ends without leaving anything behind.
Never: answers a request itself, or holds data that a kill could lose.
"""
