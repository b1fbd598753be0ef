"""The portal: what a partner without a node sees and does on ours, and what we hand to it there.

Takes: leads that we hand over, accounts that both sides know of by now, what a partner's users say.
Gives: a partner its leads, introductions and what became of them; us its answers and insights.
Never: shows a partner what no action gave it, or anything of another partner; keeps its people once they asked to go.
"""
