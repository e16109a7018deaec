"""What a page knows of the machine. Its kernel runs this file after each cell, see ``kernel.facts``.

Only what the page has imported by itself is looked at.
"""

import sys

facts = {}

torch = sys.modules.get("torch")
if torch is not None:
    facts["torch"] = torch.__version__
    if torch.cuda.is_available():
        facts["device"] = "cuda"
    else:
        facts["device"] = "mps" if torch.backends.mps.is_available() else "cpu"

data = sys.modules.get("helpers.data")
if data is not None and data.was_used():
    facts["data"] = data.origin()
    facts["data_is_real"] = data.is_real()
