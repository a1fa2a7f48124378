"""pouch sandbox takes its modules from where they are installed, not from the folder somebody is in."""

import subprocess
import sys
from pathlib import Path


def test_a_file_of_the_folder_is_no_module(tmp_path):
    (tmp_path / "copy.py").write_text("raise SystemExit('a file of mine')")
    (tmp_path / "sandbox.py").write_text("raise SystemExit('a file of mine')")
    pouch = Path(sys.executable).parent / "pouch"
    ended = subprocess.run(
        [str(pouch), "sandbox", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, "a file of mine" in ended.stderr) == (0, False), ended.stderr
    assert "ipas" in ended.stdout
