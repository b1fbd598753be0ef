"""What became of those who qualified: conversion with delay, comparison, reach, funnels.

Takes: spells (`tables.SPELLS`), checked definitions, `prepared.outcomes` and the other prepared tables of a Store.
Gives: frozen answers: backtests, comparisons of two rules, thresholds side by side, funnels, signals, lookalikes.
Never: decides who qualifies, reads a clock, draws lots, or looks at anything after `as_of`.
"""
