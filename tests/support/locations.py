"""Where the repository's folders are, for tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "tests" / "support" / "functions"
