"""Print the Nth shell block of the README: what .ci/run runs is what a reader copies."""

import re
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text(encoding="utf-8")
print(
    re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[int(sys.argv[2]) - 1],
    end="",
)
