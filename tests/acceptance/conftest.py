"""The referee of the ledger's integration tests is that of the acceptance tests too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "integration" / "ledger"))
