"""What tests of the node know of each other."""

#: What every user of tests logs in with.
PASSWORD = "correct horse battery staple"
