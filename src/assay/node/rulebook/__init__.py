"""The rulebook: which definitions are decided now, what is being written, and how the one becomes the other.

Takes: folders of definitions, texts that people edit, the approval of a second person.
Gives: checked definitions by edition, versions of rules from draft to shadow to live to retired, pages to do it on.
Never: lets a text through that the core complains of, changes what a published version means, or decides of anybody.
"""
