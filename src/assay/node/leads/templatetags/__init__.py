"""Words that templates of leads need.

Takes: values of leads.
Gives: how people read them.
Never: asks the database for anything.
"""
