"""Recordings over HTTP are read as `har predict` reads them; what is in doubt is asked."""

import io
from typing import Any

import httpx
import pandas as pd
import pytest
from graphs import walk_then_sit

OWN = dict(zip(walk_then_sit(), ["time", "ax", "ay", "az", "gx", "gy", "gz"], strict=True))


def activities(done: httpx.Response) -> list[str]:
    assert done.status_code == 200, done.text
    return [row["activity"] for row in done.json()["activities"]]


def test_forms_of_a_recording_are_answered_alike(client: httpx.Client, table: pd.DataFrame) -> None:
    """CSV and Parquet as bodies and as files of a form, and columns as JSON."""
    csv, packed = table.to_csv(index=False).encode(), io.BytesIO()
    table.to_parquet(packed)
    parquet = packed.getvalue()
    kind = {"content-type": "text/csv"}
    bytes_ = {"content-type": "application/octet-stream"}
    answers = [
        client.post("/v1/recordings", params={"name": "walk.csv"}, content=csv, headers=kind),
        client.post("/v1/recordings", files={"file": ("walk.csv", csv)}),
        client.post("/v1/recordings", files={"file": ("../../walk.parquet", parquet)}),
        client.post(
            "/v1/recordings", params={"name": "walk.parquet"}, content=parquet, headers=bytes_
        ),
        client.post("/v1/recordings", json={"columns": table.to_dict("list"), "name": "walk"}),
    ]
    for answer in answers:
        assert activities(answer) == ["walking", "sitting"]
        found = answer.json()
        assert found["account"]["rows_in"] == 100
        assert found["recordings"][0]["recording"] == "walk"
        assert found["understood"][0]["facts"]["rate"] == "50 Hz"
    by_window = client.post(
        "/v1/recordings", files={"file": ("walk.csv", csv)}, data={"windows": "true"}
    )
    assert len(activities(by_window)) == 9


def test_doubts_are_asked_and_answered(client: httpx.Client, table: pd.DataFrame) -> None:
    """With the field that settles each; then guesses are confirmed or stated."""
    csv = table.rename(columns=OWN).to_csv(index=False)

    def ask(**data: Any) -> httpx.Response:
        return client.post("/v1/recordings", files={"file": ("walk.csv", csv)}, data=data)

    doubtful = ask().json()
    assert doubtful["error"]["field"] == "map.gyro_unit"
    assert doubtful["doubts"][0]["choices"] == ["rad/s", "deg/s"]
    guessed = ask(map="gyro_unit=rad/s")
    assert (guessed.status_code, guessed.json()["error"]["field"]) == (422, "yes")
    assert guessed.json()["understood"][0]["guesses"]["acc"] == "ax, ay, az"
    assert activities(ask(map="gyro_unit=rad/s", yes="true")) == ["walking", "sitting"]
    stated = ["acc=ax,ay,az", "gyro=gx,gy,gz", "gyro_unit=rad/s", "acc_unit=m/s2", "time=time"]
    assert activities(ask(map=[*stated, "time_unit=s"])) == ["walking", "sitting"]


def column(name: str, values: list[Any]) -> dict[str, Any]:
    return {"json": {"columns": {**walk_then_sit().to_dict("list"), name: values}}}


FAULTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no rows": ({"files": {"file": ("a.csv", b"time_s\n")}}, 422, "file"),
    "no file": ({"data": {"map": "a=b"}, "files": {"other": ("a.csv", b"")}}, 422, "file"),
    "a type": ({"content": b"x"}, 415, "content-type"),
    "no equals sign": ({"params": {"map": "acc"}, "content": b"x"}, 422, "map"),
    "pattern": ({"params": {"map": "subject_pattern=(a+)+$"}}, 422, "map.subject_pattern"),
    "smoother": ({"params": {"smooth": "much"}, "content": b"x"}, 422, "smooth"),
    "truth": ({"params": {"windows": "perhaps"}}, 422, "windows"),
    "NaN": ({"content": b'{"columns": {"a": [1, NaN]}}'}, 422, "columns.a[1]"),
    "mixed": (column("acc_x", [1.0, "a"] * 50), 422, "columns.acc_x"),
    "lengths": (column("acc_x", [1.0]), 422, "columns"),
    "too short": (
        {"json": {"columns": walk_then_sit()[:10].to_dict("list")}},
        422,
        "file",
    ),
    "damaged": ({"files": {"file": ("a.zip", b"PK\x03\x04" + bytes(50))}}, 422, "file"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_by_its_field(client: httpx.Client, name: str) -> None:
    """No error names a folder of the service."""
    asked, status, field = FAULTS[name]
    headers = {"content-type": "application/json"} if name == "NaN" else {}
    done = client.post("/v1/recordings", headers=headers, **asked)
    assert done.status_code == status, done.text
    assert done.json()["error"]["field"] == field
    assert "har-upload" not in done.text
