"""Cleaned recordings of several placements, fused into recordings of all of them."""

import logging
from pathlib import Path

from har.data.fuse import Fusion, Key, Unfused, same_clock, why_not
from har.data.fuse import fuse as fuse_recordings
from har.data.recording import RecordingMeta, read_meta, read_recording, write_recording
from har.errors import DataError

logger = logging.getLogger("har.steps")
Parts = dict[Path, tuple[RecordingMeta, int]]
NEVER = "the placements have no stretch of time in common"


def fuse(out: Path, *, cleaned: Path, placements: tuple[str, ...]) -> None:
    """Write a recording for each stretch in which all placements are worn, and ``fusion.json``.

    Raises
    ------
    DataError
        If there is none.
    """
    groups: dict[Key, Parts] = {}
    for path in sorted(cleaned.glob("*.parquet")):
        meta, n = read_meta(path)
        groups.setdefault(same_clock(meta), {})[path] = meta, n
    left_out, recordings, samples_out, differ, used = list[Unfused](), 0, 0, 0, 0
    for parts in groups.values():
        because = why_not(list(parts.values()), placements)
        before = recordings
        for made in () if because else fuse_recordings([*map(read_recording, parts)], placements):
            write_recording(made.recording, out)
            recordings, differ = recordings + 1, differ + made.labels_differ
            samples_out += len(made.recording.table)
        if recordings == before:
            left_out.append(_left_out(parts, because or NEVER))
        else:
            used += sum(n for _, n in parts.values())
    samples_left_out = sum(entry.samples for entry in left_out)
    fusion = Fusion(
        placements=placements,
        recordings=recordings,
        samples_in=used + samples_left_out,
        samples_left_out=samples_left_out,
        samples_alone=used - samples_out * len(placements),
        samples_out=samples_out,
        labels_differ=differ,
        left_out=tuple(left_out),
    )
    _tell(fusion)
    fusion.write(out)


def _left_out(parts: Parts, because: str) -> Unfused:
    metas = [meta for meta, _ in parts.values()]
    return Unfused(
        subject=metas[0].subject_id,
        recordings=tuple(meta.recording_id for meta in metas),
        because=because,
        samples=sum(n for _, n in parts.values()),
    )


def _tell(fusion: Fusion) -> None:
    if not fusion.recordings:
        first = next(iter(fusion.left_out), None)
        raise DataError(
            "no placements worn at once",
            expected=f"recordings at {', '.join(fusion.placements)} on one clock",
            found=str(first) if first else "no recording at any of them",
            hint="`har data show NAME` names the placements; recordings whose times count from a "
            "start of their own are on one clock only if they are of the same files",
        )
    logger.info("%-24s %s", "fused", fusion.sentence)
    for entry in fusion.left_out:
        logger.warning("not fused: %s", entry)
