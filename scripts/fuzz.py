"""Fuzz whatever reads files of strangers: no traceback, no lost row, no changed value, no hang.

Inputs that fail are made small and kept below ``fuzz-findings/``, each with the command that
runs it again.

    python scripts/fuzz.py --minutes 10 --seed 1
    python scripts/fuzz.py --minutes 10 --only ingest --only predict
    python scripts/fuzz.py --again fuzz-findings/ingest-1-204
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

# First: this script has the name of the package.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzz.findings import Finding, find, load, save
from fuzz.running import TARGETS, run, target

from har.visible import visible

OUT = Path("fuzz-findings")


def main() -> int:
    """Fuzz until the time is over, or run one input again; return 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10, help="for all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=tuple(TARGETS), action="append")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="one that was kept")
    options = parser.parse_args()
    if options.again:
        return _again(options.again)
    names = options.only or list(TARGETS)
    return max([_fuzz(name, options.seed, 60 * options.minutes / len(names)) for name in names])


def _fuzz(name: str, seed: int, seconds: float) -> int:
    problems = Counter[str]()
    for finding in run(name, seed, seconds):
        problem = finding.problem if finding else ""
        problems[problem] += 1
        if finding and problems[problem] == 1:
            _tell(finding)
    sound = problems.pop("", 0)
    failed = problems.total()
    print(f"{name}: {sound + failed} inputs, {failed} failures {dict(problems)}", flush=True)
    return int(failed > 0)


def _tell(finding: Finding) -> None:
    kept = save(finding, OUT)
    print(f"--- {finding.target}, {finding.seed}, {finding.origin}: {finding.problem}")
    print(_shown(finding), f"python scripts/fuzz.py --again {kept}", sep="\n", flush=True)


def _shown(finding: Finding) -> str:
    """Return a traceback, of which parts are a stranger's text."""
    return visible(finding.details, lines=True)


def _again(folder: Path) -> int:
    kept = load(folder)
    finding = find(target(kept.target), kept.seed, kept.files, kept.origin)
    print(_shown(finding) if finding else "it does not fail any more")
    return int(finding is not None)


if __name__ == "__main__":
    sys.exit(main())
