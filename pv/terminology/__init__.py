"""The words of medicine: short lists of our own that several rooms share, and the place of licensed dictionaries.

MedDRA and WHODrug belong to their owners: they are imported here from the licensee's own files, never shipped. Until
then coded fields keep the reporter's own words.
"""
