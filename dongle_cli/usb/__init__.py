"""What is plugged in: descriptors, port path, mode switch, hot-plug, claim."""
