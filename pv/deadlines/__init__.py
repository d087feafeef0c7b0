"""Whatever can be late is a Deadline. This room holds clocks, the rules they come from and the ladders they climb.

It knows neither cause (the room that owns the promise opens, moves, meets and cancels) nor audience (notices reads it).
"""
