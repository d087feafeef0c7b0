"""Two made-up holders with made-up people and products, for the demonstration.

Nothing here stands for a real company, person or product. Every date is counted from the day of seeding, so that the
picture is always alive: something is on time, something at risk, something late. Production refuses all of it.
"""
