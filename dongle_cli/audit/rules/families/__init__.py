"""The families of rules: each module here defines FAMILY, and is found by being here."""
