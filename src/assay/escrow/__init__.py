"""The operator's side of partnering: a blind store of tokens, a join, a mailbox of sealed messages, and a log.

Takes: signed requests of companies: tokens, questions which records match, sealed messages.
Gives: pairs of record handles with the kinds of key on which they agree; the messages, once; its log.
Never: sees a name, opens a message, holds a partnership's keys, or imports anything else of Assay.
"""
