"""Daphne with limits in front of the framework (rules D1, D2 and D3).

What a client sends is bounded, in bytes and in time, before the application hears of
it; what a client does not take is bounded too. `head` judges a request's head,
`channel` counts its bytes and its seconds, `http` and `websocket` hand it to the
application, `server` holds it all together, and `python -m livechat.gateway` runs it.
Nothing here knows a model, a user or a room.
"""
