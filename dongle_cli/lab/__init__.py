"""Virtual dongles over USB/IP and the closed network they attach to: a practice bench, and what the tests plug in."""
