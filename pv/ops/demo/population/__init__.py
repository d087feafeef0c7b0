"""The made-up patients of the demonstration: a simulator without a database, and a writer that goes through services.

Nobody here is a real person, hospital, laboratory or batch. The same number of patients, seed and day make the same
population; every date lies on that day or before it.
"""
