"""Notifications on people's devices, also while no page is open: web push."""
