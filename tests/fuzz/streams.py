"""Streams: states that sessions are restored from, bodies of samples, messages of a phone's app."""

import json
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import graphs
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from fuzz import damage, layouts
from fuzz.target import Files, Seeds, Target, require
from har.errors import DataError
from har.serving.http.errors import of_validation
from har.serving.http.samples import SamplesRequest, SessionRequest
from har.serving.predictor import Predictor
from har.serving.session import Chunk, Session, SessionSettings, Update
from har.serving.session.sensor_logger import Feed

STATE, BODIES, MESSAGES, REQUEST = "state.json", "bodies.json", "messages.json", "request.json"
CUT = 100  # rows before the state is kept


@cache
def _predictor() -> Predictor:
    smoothing = {"n_average": 3, "hmm": {"transition": [[0.9, 0.1]] * 2, "prior": [0.5, 0.5]}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.onnx"
        graphs.write_rule(path, channel="acc_x", smoothing=json.dumps(smoothing))
        return Predictor(path)


@cache
def seeds() -> Seeds:
    """Return a state with what follows it, bodies of samples, and an app's messages."""
    predictor = _predictor()
    session = Session(predictor, SessionSettings(placement="waist"))
    session.push(*_chunks(slice(0, CUT)))
    bodies = [_body(slice(start, start + 60)) for start in range(0, layouts.N, 60)]
    return {
        "state": {
            STATE: json.dumps(session.state()).encode(),
            BODIES: json.dumps([_body(slice(CUT, layouts.N))]).encode(),
        },
        "bodies": {BODIES: json.dumps(bodies).encode(), REQUEST: b'{"late_s": 0.2}'},
        "phone": {MESSAGES: json.dumps([_message(i) for i in range(0, layouts.N, 90)]).encode()},
    }


def _chunks(rows: slice) -> list[Chunk]:
    time = layouts.TICKS[rows] / layouts.RATE_HZ
    return [
        Chunk.of("acc", time, layouts.ACC[rows]),
        Chunk.of("gyro", time, layouts.GYRO[rows]),
    ]


def _body(rows: slice) -> dict[str, Any]:
    time = (layouts.TICKS[rows] / layouts.RATE_HZ).tolist()
    return {
        "acc": {"time_s": time, "values": layouts.ACC[rows].round(3).tolist()},
        "gyro": {"time_s": time, "values": layouts.GYRO[rows].round(3).tolist(), "unit": "rad/s"},
    }


def _message(start: int) -> dict[str, Any]:
    readings = [
        {
            "name": name,
            "time": 1_600_000_000_000_000_000 + 20_000_000 * row,
            "values": dict(zip("xyz", values[row].round(3).tolist(), strict=True)),
        }
        for name, values in (("totalacceleration", layouts.ACC), ("gyroscope", layouts.GYRO))
        for row in range(start, min(start + 90, layouts.N))
    ]
    return {"messageId": start, "sessionId": "s", "deviceId": "d", "payload": readings}


def damaged(files: Files, chance: Random) -> Files:
    """Return the same with other values in one or more of the texts."""
    return damage.some_damaged(files, chance, damage.json_damaged)


def check(seed: str, folder: Path) -> Counter[str]:
    """Restore or begin a session and push what follows; what is answered is JSON."""
    given = folder / "input"
    session = _session(given)
    if (given / MESSAGES).exists():
        pushes = list(_of_phone(given))
    else:
        pushes = [_parsed(SamplesRequest, to_json(body)).chunks() for body in _list(given / BODIES)]
    updates = [session.push(*chunks) for chunks in pushes]
    n = sum(len(chunk) for chunks in pushes for chunk in chunks)
    _kept(session)
    updates.append(session.finish())
    for update in updates:
        _check_update(update)
    return Counter(samples=n, windows=sum(len(update.windows) for update in updates))


def _session(given: Path) -> Session:
    if (given / STATE).exists():
        return Session.restore(_predictor(), _json(given / STATE))
    asked = SessionRequest()
    if (given / REQUEST).exists():
        asked = _parsed(SessionRequest, (given / REQUEST).read_bytes())
    own = asked.model_dump(exclude={"id", "gravity"})
    return Session(_predictor(), SessionSettings(**own))


def _of_phone(given: Path) -> Any:
    feed = Feed(holds_gravity=True)
    for message in _list(given / MESSAGES):
        yield feed.chunks(message)


def _parsed(kind: type[Any], text: str | bytes) -> Any:
    """Read a body as the service does, whose errors name the field."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        refused = of_validation(error.errors(include_url=False))
        raise DataError(refused.message, expected=refused.expected, found=refused.found) from None


def _json(path: Path) -> Any:
    """Read a text as the service reads a message."""
    try:
        return from_json(path.read_bytes())
    except ValueError:
        raise DataError(f"{path.name}: no JSON") from None


def _list(path: Path) -> list[Any]:
    found = _json(path) if path.exists() else []
    return found if isinstance(found, list) else [found]


def _check_update(update: Update) -> None:
    for window in update.windows:
        require(0 <= window.probability <= 1, f"a probability: {window.probability}")
    told = [*(event.to_dict() for event in update.events), *(s.to_dict() for s in update.segments)]
    json.dumps(told, allow_nan=False)


def _kept(session: Session) -> None:
    json.dumps(session.view(), allow_nan=False)
    text = json.dumps(session.state(), allow_nan=False)
    again = Session.restore(_predictor(), json.loads(text)).state()
    require(json.dumps(again) == text, "a state: not the same when it was restored")


TARGETS = {"streams": Target("streams", seeds, damaged, check)}
