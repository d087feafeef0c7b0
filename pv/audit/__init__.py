"""The trail: who changed what, when and why, written by the database for every path, and sealed behind it.

It knows no other room's rows; it is not where a page's domain history comes from (that is rows of the room itself).
"""
