"""What every page has in common: the frame, the stylesheet, navigation, and the home page.

Takes: requests of people who logged in.
Gives: pages that work without JavaScript, with the keyboard alone, on a phone, in light and dark.
Never: loads anything from another host, or runs a script that stands in a page.
"""
