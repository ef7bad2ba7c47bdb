"""The ledger: what was seen, tried and done, on this bench or on all of them."""
