"""What a dongle should be, what is still to do for it, and the proof that it was done."""
