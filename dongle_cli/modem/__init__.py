"""What a modem says and how to ask it: ITU-T V.250 and 3GPP TS 27.007."""
