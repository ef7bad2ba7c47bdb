"""Records that stay what they were: canonical JSON and the hash chain."""
