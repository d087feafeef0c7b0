"""Faults: processes and servers are killed at work, and what arrives is counted at the receiving end."""
