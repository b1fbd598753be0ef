"""Words that templates of partnering need.

Takes: values of partnering.
Gives: how people read them.
Never: asks the database for anything.
"""
