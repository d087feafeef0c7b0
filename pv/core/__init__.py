"""Ground: time, legal days, identifiers, errors and how a table is declared.

No word of the field stands here. Every other room may import it; it imports none.
"""
