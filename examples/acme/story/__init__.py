"""The story of Acme, told in numbers and written as the files a company would really have.

Takes: a seed and a scale.
Gives: tables of text, by file name.
Never: reads a clock, a network or another file; uses a real company, person or domain.
"""
