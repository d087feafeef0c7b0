"""What may be a reaction: the inbox, cases and their versions, triage, assessment, and the process of a new malignancy.

It stands highest of the rooms at work, since it opens clocks, asks for samples and names patients. It never waits for a
person, a plan, a rule or a consent before it saves a report: what is missing becomes a question beside it.
"""
