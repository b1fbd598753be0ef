"""What arrives over the network: the Segment tracking API, write keys, and the inbox that the lake drains.

Takes: calls that clients send, with a write key.
Gives: rows of the inbox, on disk before the client hears of success.
Never: says yes before the disk has it, answers with a traceback, or logs what a call holds.
"""
