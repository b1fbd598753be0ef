"""The node's side of partnering: keys that only two companies hold, and what may be told, sealed and written down.

Takes: identities, greetings, messages, entries as bytes; time and dice as arguments.
Gives: token keys, sealed messages, a ledger of every disclosure, and whether what came can be trusted.
Never: reads a clock or the network, or lets an escrow hold a name or a key.
"""
