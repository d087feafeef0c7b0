"""Who is told what, when, by which channel, and who answered: the tick, the sender, acknowledgement, rota, job runs.

It reads clocks and knows no room above; words come from the kinds that rooms register with deadlines.
"""
