"""Products, their names, authorisations and studies; the public register of real approvals; the pipeline's figures.

An authorisation is one product for one indication by one holder. Entries of organisation 0 open no clocks.
"""
