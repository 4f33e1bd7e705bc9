"""Several ingested data sets side by side."""

from pathlib import Path

from har.data.ingested import Account, Accounts, DatasetFacts, Datasets, link


def join(out: Path, *, parts: dict[str, Path]) -> None:
    """Put the recordings of several ingested data sets in one folder, with their accounts."""
    facts, accounts = list[DatasetFacts](), list[Account]()
    for folder in parts.values():
        for path in folder.glob("*.parquet"):
            link(path, out / path.name)
        facts += Datasets.read(folder).datasets
        accounts += Accounts.read(folder).items
    Datasets(datasets=tuple(facts)).write(out)
    Accounts(items=tuple(accounts)).write(out)
