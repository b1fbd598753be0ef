"""What happened is told: to people by mail, to channels and other systems by webhook, to products as plays.

Takes: what `leads` wrote down, changes of who qualifies, what each user wants to hear.
Gives: messages that were written in the transaction of what they tell, and are sent until they arrive.
Never: reaches an address of a private network unless the administrator named it; tells a password or a key.
"""
