"""dongle-cli: provision and audit closed-network USB dongles."""

__version__ = "0.1.0"
