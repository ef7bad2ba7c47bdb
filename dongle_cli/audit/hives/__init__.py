"""What Windows has written down: registry hives and policy files, read from a volume and never written to."""
