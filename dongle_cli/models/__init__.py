"""One TOML a dongle model, and their loader."""
