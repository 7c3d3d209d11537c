"""The baseline: the chat of the Channels tutorial, on stock Daphne."""
