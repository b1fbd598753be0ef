"""How machines ask whether the node is well.

Takes: requests of load balancers, service managers and Prometheus.
Gives: alive or not, ready or not, numbers.
Never: tells anything of a person or an account.
"""
