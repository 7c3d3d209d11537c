"""The project: settings, routing, the gateway and the libraries without models."""
