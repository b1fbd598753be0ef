"""The only doors between the core and files or SQL.

Takes: SQL text and file paths.
Gives: Arrow tables, numpy arrays, whole files (written aside, then renamed).
Never: decides anything about leads.
"""
