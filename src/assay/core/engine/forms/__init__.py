"""One small compiled function a criterion form.

Takes: the instants (and values) of the events that feed a criterion, in time order, and its numbers.
Gives: the criterion's flips: ascending instants at which its truth changes, the first from false to true.
Never: looks at another criterion, the clock or the rule it serves.
"""
