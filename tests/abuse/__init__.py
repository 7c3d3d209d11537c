"""What people should not send, sent: the answer is clear and nothing is harmed.

Every case is held against the same rules (`tests/abuse/rules.py`): no 5xx, no
traceback, an answer within two seconds, nothing stored by what was refused, and never a
word of a room that the sender may not see.
"""
