"""One command starts the tree of processes, watches over it and ends it whole."""
