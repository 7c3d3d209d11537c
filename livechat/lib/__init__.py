"""Libraries without models and without any rule of a domain."""
