"""The server that one company runs: events arrive, people qualify, leads are worked.

Takes: environment variables (`environment.py`), a data folder, requests.
Gives: pages and an API, through Django; everything with an identity or a workflow in Postgres.
Never: decides who qualifies, which is the core's; is imported by the core.
"""
