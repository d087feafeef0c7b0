"""Specimens before and after treatment: the sampling plan, what is asked for, where each tube is and was, how cold.

It may name the visit a specimen was drawn at. Why it was asked for is known above: a request carries the cause's id.
"""
