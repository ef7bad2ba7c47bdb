"""Real gateways on loopback, and the certificates they are tried with."""
