"""Race and kill commands of the registry at random moments; it must tell one truth after each.

    .venv/bin/python scripts/drill_registry.py [--races 20] [--kills 50]

Runs `tests/registry/test_drill.py` in its long form, on sqlite and on an MLflow server with
PostgreSQL where that is installed (else sqlite behind the server): made versions that may replace
each other, and processes of `har registry promote` and `rollback` that race or get SIGKILL. After
each race, and after each kill and `har registry reconcile`, the chain verifies, one version is
champion by alias, tag, stage and history, every judgement is shown, and no version was judged
twice. Prints what happened; exit code 1 if that is not so.
"""

import argparse
import os
import sys
from pathlib import Path

import pytest

TEST = Path(__file__).parents[1] / "tests" / "registry" / "test_drill.py"


def main() -> int:
    """Run the drill with as many races and kills as are wanted."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--races", type=int, default=20)
    arguments.add_argument("--kills", type=int, default=50)
    given = arguments.parse_args()
    os.environ["DRILL"] = f"{given.races},{given.kills}"
    return int(pytest.main(["-q", "-p", "no:cacheprovider", "--timeout=7200", str(TEST)]))


if __name__ == "__main__":
    sys.exit(main())
