"""Data health: what arrives from where, write keys, and files that somebody uploads.

Takes: what users do with keys and files; files, which go into the lake as they are read.
Gives: the page that says whether data come, and what of them could not be read.
Never: shows a write key twice, unpacks what it has not measured, or keeps a file once it was read.
"""
