"""The command line: one file a verb.

Takes: words typed in a shell.
Gives: exit code 0 (done), 1 (complaints or an error) or 2 (a command that cannot be read); answers on standard output,
progress on standard error.
Never: imports anything heavy before a verb runs; shows a traceback, or a row of data in an error.
"""
