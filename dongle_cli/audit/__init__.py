"""What a laptop must not hold: sources (live, mounted, image), kinds of files, places, rules, policy, reports."""
