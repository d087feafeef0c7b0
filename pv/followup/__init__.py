"""Whom we see when: visit plans, the two duty lines of each patient, visits, and what was learnt at them.

A record that reveals a malignancy, a relapse, an adverse event or a death calls the one port (pv.followup.ports) in the
same transaction; what follows from it is decided above.
"""
