"""People and accounts that somebody works: from qualified to won, with every step told.

Takes: changes of who qualifies, what users decide, the clock's time as an argument.
Gives: leads with a state, an owner and a deadline; their history; the pages on which they are worked.
Never: decides who qualifies, or tells anybody outside: what happened is written down, and `telling` passes it on.
"""
