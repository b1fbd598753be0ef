"""Who is who, what each role may do, and what was done.

Takes: people who log in, actions they ask for.
Gives: users with roles, permission or refusal, rows of the audit.
Never: keeps a password that can be read, or personal data in a row of the audit.
"""
