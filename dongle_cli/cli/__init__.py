"""The command line: the only room that knows Click, Typer and rich; a module a group, imported when it runs."""
