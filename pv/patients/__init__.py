"""Who was treated: the pseudonymous patient, treatments with lots, consent by scope, life and death, transfers.

Names, birth dates and phone numbers stand encrypted in a vault of their own. What is asked of a patient later, and what
happens to them, is other rooms' matter.
"""
