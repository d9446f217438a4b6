"""Validation: what evidence amounts to, as gates and levels, and the two ways of getting more of it: repeating and soaking."""
