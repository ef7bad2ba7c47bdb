"""`python -m dongle_cli` is `dongle-cli`, and the console script begins here."""

import sys


def main() -> int:
    """Run the program; an interruption counts as one from the first import on."""
    try:
        from dongle_cli.cli.main import main as run
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
