"""`python -m dongle_cli` is `dongle-cli`."""

import sys

from dongle_cli.cli.main import main

sys.exit(main())
