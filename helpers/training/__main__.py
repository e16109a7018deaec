"""The command: python -m helpers.training --help."""

import os

# GNU's OpenMP threads wait for each other by spinning, for long; on busy cores that makes a step up to 30 times
# slower. It is read once, when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")

import sys

from helpers.training.loop import main

sys.exit(main())
