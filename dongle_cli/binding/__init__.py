"""Whose dongle this is: one client certificate for each pair of dongle and laptop, and its end."""
