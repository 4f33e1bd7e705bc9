"""The items of a data set in one folder; recordings that are copies of others set aside."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from har import parquet
from har.data.activities import in_order
from har.data.ingest.copies import find_copies
from har.data.ingest.harmonise import slug
from har.data.ingest.items import QUARANTINE
from har.data.ingest.vocabulary import refuse_quantity
from har.data.ingested import (
    QUARANTINED,
    Account,
    Accounts,
    Copy,
    DatasetFacts,
    Datasets,
    link,
)
from har.data.recording import RecordingMeta, read_meta
from har.errors import DataError

COPIED = "copy of another recording"


def assemble(out: Path, *, items: Mapping[str, Path], stated: Mapping[str, Any]) -> None:
    """Join the items of a data set, with their accounts and what is stated of it.

    Parameters
    ----------
    out : Path
        Gets the recordings, ``quarantine/``, ``accounts.json`` and ``dataset.json``.
    items : mapping of str to Path
        Folders that `har.data.ingest.items.write_item` wrote, by item.
    stated : mapping
        What the source says of itself; items that it says were rejected and that have no
        folder have an account without rows.

    Raises
    ------
    DataError
        If two recordings have one name, or there are more labels than activities can be.
    """
    (out / QUARANTINED).mkdir()
    for name, folder in items.items():
        for path in (folder / "recordings").iterdir():
            _add(path, out)
        if (folder / QUARANTINE).exists():
            link(folder / QUARANTINE, out / QUARANTINED / f"{slug(name)}.parquet")
    copies = find_copies(out)
    accounts = [Account.read(folder) for folder in items.values()]
    unread = {n: why for n, why in stated["rejected_items"].items() if n not in items}
    accounts += [Account.of_refused(name, {}, why) for name, why in unread.items()]
    Accounts(items=tuple(_set_copies_aside(out, copies, accounts))).write(out)
    words = _own_words(accounts, stated["name"])
    facts = DatasetFacts(**stated, **_present(out), own_words=words, copies=tuple(copies))
    Datasets(datasets=(facts,)).write(out)


def _own_words(accounts: Iterable[Account], name: str) -> dict[str, tuple[str, ...]]:
    """Return the words of the raw files by activity, of those that nobody stated."""
    words = {word: activity for a in accounts for word, activity in a.own_words.items()}
    refuse_quantity(words, name)
    return {
        activity: tuple(sorted(word for word, meant in words.items() if meant == activity))
        for activity in sorted(set(words.values()))
    }


def _add(path: Path, folder: Path) -> None:
    target = folder / path.name
    if target.exists():
        raise DataError(
            f"two recordings are named {path.stem}",
            hint="give their files, subjects or recordings names of their own",
        )
    link(path, target)


def _set_copies_aside(
    out: Path, copies: Iterable[Copy], accounts: Iterable[Account]
) -> list[Account]:
    """Move recordings that are others under another name to quarantine; return the accounts."""
    adjusted = list(accounts)
    for name, same in {c.recording: c.same_as for c in copies if c.share == 1.0}.items():
        meta, samples = read_meta(out / f"{name}.parquet")
        (out / QUARANTINED / "copies").mkdir(exist_ok=True)
        (out / f"{name}.parquet").rename(out / QUARANTINED / "copies" / f"{name}.parquet")
        position = next(i for i, a in enumerate(adjusted) if a.files == meta.source)
        adjusted[position] = _without(adjusted[position], meta, samples, same_as=same)
    return adjusted


def _without(account: Account, meta: RecordingMeta, samples: int, *, same_as: str) -> Account:
    """Return an account in which a recording is in quarantine, as a copy of another."""
    rows = meta.rows_kept + meta.rows_repaired
    return account.model_copy(
        update={
            "rows_kept": account.rows_kept - meta.rows_kept,
            "rows_repaired": account.rows_repaired - meta.rows_repaired,
            "rows_quarantined": account.rows_quarantined + rows,
            "samples": account.samples - samples,
            "reasons": {**account.reasons, COPIED: account.reasons.get(COPIED, 0) + rows},
            "rejected": {**account.rejected, meta.recording_id: f"the same samples as {same_as}"},
        }
    )


def _present(folder: Path) -> dict[str, Any]:
    """Return what the recordings hold: counts, activities, subjects with but one of them."""
    by_subject: dict[str, set[str]] = {}
    paths = sorted(folder.glob("*.parquet"))
    for path in paths:
        meta, _ = read_meta(path)
        names = parquet.read(path, ["activity"])[0].unique().to_pylist()
        by_subject.setdefault(meta.subject_id, set()).update(filter(None, names))
    present = set[str]().union(*by_subject.values())
    return {
        "recordings": len(paths),
        "subjects": len(by_subject),
        "activities": list(in_order(present)),
        "single_activity": [who for who, names in by_subject.items() if len(names) == 1],
    }
