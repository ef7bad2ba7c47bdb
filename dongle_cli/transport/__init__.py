"""Bytes to and from one AT port: tty, bulk endpoints, or a recorded transcript."""
