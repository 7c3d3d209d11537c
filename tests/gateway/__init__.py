"""The gateway and stock Daphne, side by side, under the same raw sockets."""
