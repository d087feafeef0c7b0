"""Sampling plans, read from their file; plain values, no database."""

from pv.biosamples.reference.plans import Item, Plan, read_sampling_plans

__all__ = ["Item", "Plan", "read_sampling_plans"]
