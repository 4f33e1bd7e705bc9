"""The data card: Croissant 1.1 metadata with its vocabulary for responsible AI.

The card belongs beside the recordings, which it names by file; with it there,
``mlcroissant`` and what builds on it read them as records. What is not known, such as
the date of publication, is left out.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from har.data.recording import SCHEMA_VERSION
from har.lineage import digest

CONFORMS_TO = [
    "http://mlcommons.org/croissant/1.1",
    "http://mlcommons.org/croissant/RAI/1.0",
]
PARQUET = "application/x-parquet"
FIELDS = (
    ("recording_id", "sc:Text", "name of the recording, which is its file's name"),
    ("subject_id", "sc:Text", "code of the person"),
    ("time_s", "cr:Float64", "time since the recording's first sample, s"),
    *((f"acc_{axis}", "cr:Float32", f"acceleration with gravity, {axis}, m/s²") for axis in "xyz"),
    *(
        (f"gyro_{axis}", "cr:Float32", f"angular velocity, {axis}, rad/s; missing: not measured")
        for axis in "xyz"
    ),
    ("activity", "sc:Text", "name of the activity; missing: unlabelled"),
)
LICENCES = {
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "PDDL": "https://opendatacommons.org/licenses/pddl/1-0/",
    "ODC-By": "https://opendatacommons.org/licenses/by/1-0/",
    "ODbL": "https://opendatacommons.org/licenses/odbl/1-0/",
    "MIT": "https://spdx.org/licenses/MIT",
    "Apache-2.0": "https://spdx.org/licenses/Apache-2.0",
}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{
        term: f"cr:{term}"
        for term in (
            *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract"),
            *("field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray"),
            *("isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator"),
            *("source", "subField", "transform"),
        )
    },
}


def card(facts: dict[str, Any], ingested: Path) -> dict[str, Any]:
    """Return the data card of an ingested data set as JSON-LD.

    Parameters
    ----------
    facts : dict
        As `har.data.report.facts.gather` returns.
    ingested : Path
        Folder of the recordings, whose digests are taken.
    """
    dataset = facts["dataset"]
    files = [_file(path) for path in sorted(ingested.glob("*.parquet"))]
    build = digest.of_mapping({file["name"]: file["sha256"] for file in files})[:12]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": dataset["title"],
        "description": _description(facts),
        "version": f"{SCHEMA_VERSION}.0.0+{build}",
        "license": licence(dataset["licence"], dataset["homepage"]),
        "citeAs": dataset["citation"],
        "url": dataset["homepage"],
        "keywords": ["human activity recognition", "accelerometer", *_gyroscope(facts)],
        "distribution": [_file_set(), *files],
        "recordSet": [_record_set(facts["activities"])],
        **_responsible(facts),
    }


def licence(name: str, homepage: str) -> str | dict[str, str]:
    """Return the address of a licence, or its name with the page that states it.

    >>> licence("CC BY-NC-SA 4.0", "https://example.org")
    'https://creativecommons.org/licenses/by-nc-sa/4.0/'
    """
    if found := re.search(r"CC[ -](BY(?:-(?:NC|SA|ND))*)[ -](\d\.\d)", name, re.IGNORECASE):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    if known := next((url for key, url in LICENCES.items() if name.startswith(key)), None):
        return known
    return {"@type": "sc:CreativeWork", "name": name, "url": homepage}


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": "recordings",
        "name": "recordings",
        "description": "One Parquet file per recording.",
        "encodingFormat": PARQUET,
        "includes": "*.parquet",
    }


def _file(path: Path) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": PARQUET,
        "sha256": digest.of_file(path),
    }


def _record_set(activities: Collection[str]) -> dict[str, Any]:
    listed = {"activity": ". One of: " + ", ".join(activities)} if activities else {}
    return {
        "@type": "cr:RecordSet",
        "@id": "samples",
        "name": "samples",
        "description": "One row per sample, in the order of time within each recording.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"samples/{name}",
                "name": name,
                "description": text + listed.get(name, ""),
                "dataType": kind,
                "source": {"fileSet": {"@id": "recordings"}, "extract": {"column": name}},
            }
            for name, kind, text in FIELDS
        ],
    }


def _gyroscope(facts: dict[str, Any]) -> list[str]:
    return ["gyroscope"] if facts["totals"]["with_gyroscope"] else []


def _description(facts: dict[str, Any]) -> str:
    dataset, totals = facts["dataset"], facts["totals"]
    return (
        f"{dataset['title']}, ingested as {dataset['name']}: {_extent(facts)}. "
        f"{totals['labelled']:.0%} of the time is labelled. Acceleration in m/s² with gravity, "
        "angular velocity in rad/s, at the native rate. This card belongs in the folder of the "
        "recordings; its version is that of their format and the digest of their content."
    )


def _extent(facts: dict[str, Any]) -> str:
    totals = facts["totals"]
    return (
        f"{totals['recordings']} recordings of {totals['subjects']} subjects, "
        f"{totals['samples']} samples, {totals['recorded_s'] / 3600:.2f} hours"
    )


def _responsible(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what the RAI vocabulary asks and the facts can answer."""
    dataset, totals = facts["dataset"], facts["totals"]
    rates = ", ".join(f"{rate:g}" for rate in totals["rates_hz"][:5])
    said = {
        "dataCollection": f"Worn inertial sensors at: {', '.join(totals['placements'])}. "
        f"{_extent(facts)}. Rates: {rates}{' and others' * (len(totals['rates_hz']) > 5)} Hz.",
        "dataCollectionRawData": f"{totals['files']} raw files: {dataset['units']}.",
        "dataCollectionMissingData": f"Gaps: {totals['gaps']}, {totals['missing_s']:.1f} s in all. "
        f"Without a label: {totals['unlabelled_s']:.1f} s. "
        f"Recordings without a gyroscope: {totals['recordings'] - totals['with_gyroscope']}.",
        "dataPreprocessingProtocol": [*facts["conversions"], *_rows(facts)],
        "dataAnnotationProtocol": "The source's labels, translated to one taxonomy.",
        "dataBiases": _biases(facts),
        "dataLimitations": _limitations(facts),
        "personalSensitiveInformation": "Movement of people, known by the source's codes only.",
        "dataUseCases": "Human activity recognition from inertial sensors.",
    }
    return {f"rai:{key}": value for key, value in said.items() if value}


def _rows(facts: dict[str, Any]) -> list[str]:
    totals = facts["totals"]
    kinds = ("kept", "repaired", "quarantined", "left_out")
    account = ", ".join(f"{totals[f'rows_{kind}']} {kind.replace('_', ' ')}" for kind in kinds)
    repairs = [f"{rows} rows: {repair}" for repair, rows in facts["repairs"].items()]
    return [f"Of {totals['rows_in']} raw rows {account}.", *repairs]


def _biases(facts: dict[str, Any]) -> list[str]:
    total = sum(a["seconds"] for a in facts["activities"].values())
    if not total:
        return []
    shares = {name: a["seconds"] / total for name, a in facts["activities"].items()}
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])
    text = "Labelled time: " + ", ".join(f"{name} {share:.1%}" for name, share in ordered)
    minutes = [s["seconds"] / 60 for s in facts["subjects"].values()]
    return [f"{text}.", f"Minutes per subject: {min(minutes):.1f} to {max(minutes):.1f}."]


def _limitations(facts: dict[str, Any]) -> list[str]:
    faults = [f"{fault}: {remedy}." for fault, remedy in facts["dataset"]["faults"]]
    odd = [f"{kind}: {w['recordings']} recordings." for kind, w in facts["warnings"].items()]
    copies = [f"{len(facts['copies'])} pairs of recordings share samples."]
    return [*faults, *odd, *(copies if facts["copies"] else [])]
