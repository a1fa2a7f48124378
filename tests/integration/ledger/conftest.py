"""The ledger's own modules for its tests: how to fill it, and a whole gateway to ask."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

for folder in (HERE, HERE.parent / "endpoints"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
