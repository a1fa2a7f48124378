"""The core's tests are about values; core_values.py has one of each."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
