"""What the chat tells the other apps, which it knows nothing of."""

from django.dispatch import Signal

# Sent by a room worker between two batches, in its thread and outside a transaction:
# for what can wait until messages are with everybody, a few milliseconds at a time.
batches_rest = Signal()
