"""The command: python -m helpers.data --help."""

import sys

from helpers.data import main

sys.exit(main())
