"""What a holder promised the authority: obligations, milestones of their studies, and the dates they carry.

It opens, moves, meets and cancels Deadlines in the transaction that changes the fact. Who is told is not
decided here.
"""
