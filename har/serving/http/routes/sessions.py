"""Own routes: sessions, into which samples are pushed while they are measured."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic_core import from_json, to_json
from starlette.requests import HTTPConnection

from har.serving.http.conversation import Conversation
from har.serving.http.errors import refused
from har.serving.http.keys import authorised
from har.serving.http.samples import SamplesRequest, SessionRequest, told
from har.serving.http.schemas import ERRORS, body_of, parsed, require_few_lists
from har.serving.http.service import Needed, client_of, json_of
from har.serving.http.sessions import ID, Followed, Live, Sessions
from har.serving.session import SampleError, SessionSettings, Update
from har.serving.session.sensor_logger import Feed, Platform

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], dependencies=[Depends(authorised)])
_ERRORS = ERRORS | {
    404: {**ERRORS[422], "description": "No such session"},
    409: {**ERRORS[422], "description": "There is a session of this name already"},
}
# Without an event, a stream is kept open by a comment as often, in pulses of a second.
KEEP_ALIVE = 15


def sessions_of(connection: HTTPConnection) -> Sessions:
    """Return the sessions of an app."""
    sessions: Sessions = connection.app.state.sessions
    return sessions


Kept = Annotated[Sessions, Depends(sessions_of)]
SessionId = Annotated[str, Path(alias="id", pattern=f"^{ID}$", description="Of the session")]


@router.post("", status_code=201, responses=_ERRORS, openapi_extra=body_of(SessionRequest))
async def create(request: Request, service: Needed, sessions: Kept) -> Response:
    """Begin a session; it keeps the model that is served now to its end."""
    asked = await parsed(request, SessionRequest)
    served = service.holder.current
    own = asked.model_dump(exclude={"id", "gravity"})
    gravity = served.predictor.gravity if asked.gravity is None else asked.gravity
    settings = SessionSettings(**own, gravity=gravity)
    live = sessions.create(served, settings, name=asked.id, client=client_of(request))
    made = {"id": live.id, **served.to_dict(), "settings": asdict(settings)}
    answer = json_of(made, served, HTTPStatus.CREATED)
    answer.headers["Location"] = f"/v1/sessions/{live.id}"
    return answer


@router.get("", responses=_ERRORS)
async def every(service: Needed, sessions: Kept) -> Response:
    """Tell of all sessions what goes on in them."""
    found = [await sessions.do(live, partial(live.view, 1)) for live in sessions.all()]
    return json_of({"sessions": found}, service.holder.current)


@router.get("/{id}", responses=_ERRORS)
async def view(
    name: SessionId, sessions: Kept, segments: Annotated[int, Query(ge=0, le=100)] = 20
) -> Response:
    """Tell what goes on: activity, since when, confidence, probabilities, the last segments."""
    live = sessions.get(name)
    return json_of(await sessions.do(live, lambda: live.view(segments)), live.served)


@router.delete("/{id}", responses=_ERRORS)
async def delete(name: SessionId, sessions: Kept) -> Response:
    """End a session; answer what waited for later samples."""
    live = sessions.get(name)
    update = await sessions.end(live, "deleted")
    return json_of({**told(update), **live.view(100)}, live.served)


@router.post("/{id}/samples", responses=_ERRORS, openapi_extra=body_of(SamplesRequest))
async def samples(request: Request, name: SessionId, sessions: Kept) -> Response:
    """Push samples; the answer has the windows and the segments that they complete."""
    live = sessions.get(name)
    asked = await parsed(request, SamplesRequest)
    update = await sessions.push(live, partial(live.session.push, *asked.chunks()))
    if update.refused:
        raise refused(update.refused, **told(update))
    return json_of(told(update), live.served)


_MESSAGE = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"payload": {"type": "array", "items": {"type": "object"}}},
                    "required": ["payload"],
                }
            }
        },
    }
}


@router.post("/{id}/sensor-logger", responses=_ERRORS, openapi_extra=_MESSAGE)
async def sensor_logger(
    request: Request,
    name: SessionId,
    service: Needed,
    sessions: Kept,
    platform: Annotated[
        Platform, Query(description="android or ios, where Total Acceleration is not sent")
    ] = "",
    standardised: Annotated[
        bool, Query(description="whether the app standardises units and frames")
    ] = False,
    placement: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Take what the app Sensor Logger pushes; a session begins with its first message."""
    message = _json(await request.body())
    live = sessions.find(name)
    if live is None:
        served = service.holder.current
        feed = Feed(served.predictor.gravity, platform, standardised=standardised)
        chunks = feed.chunks(message)  # what is no message begins no session
        own = SessionSettings(gravity=served.predictor.gravity, placement=placement)
        live = sessions.create(served, own, name=name, client=client_of(request))
        live.feed, push = feed, partial(live.session.push, *chunks)
    else:
        push = partial(_push, live, platform, standardised, message)
    update = await sessions.push(live, push)
    if update.refused:
        raise refused(update.refused, "payload", **told(update))
    return json_of({"id": live.id, **told(update)}, live.served)


def _push(live: Live, platform: Platform, standardised: bool, message: Any) -> Update:
    if live.feed is None:
        live.feed = Feed(live.session.settings.gravity, platform, standardised=standardised)
    return live.session.push(*live.feed.chunks(message))


@router.get(
    "/{id}/events",
    responses=_ERRORS | {200: {"content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
async def events(
    name: SessionId,
    sessions: Kept,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
    after: Annotated[int, Query(ge=0, description="As Last-Event-ID")] = 0,
) -> Response:
    """Follow a session by server-sent events, from the one behind ``Last-Event-ID`` on."""
    live = sessions.get(name)
    followed = sessions.follow(live, max(last_event_id, after))
    first = await anext(followed)  # here, where it can still be refused
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _as_text(first, followed), media_type="text/event-stream", headers=headers
    )


async def _as_text(first: Mapping[str, Any] | None, followed: Followed) -> AsyncIterator[bytes]:
    quiet = 0
    async with aclosing(followed):
        yield b"retry: 2000\n\n" + _event(first)
        async for event in followed:
            quiet = 0 if event else quiet + 1
            if event or quiet % KEEP_ALIVE == 0:
                yield _event(event)


def _event(event: Mapping[str, Any] | None) -> bytes:
    if event is None:
        return b": still here\n\n"
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        event["id"],
        str(event["kind"]).encode(),
        to_json(event),
    )


@router.websocket("/{id}/stream")
async def stream(socket: WebSocket, id: str, sessions: Kept, service: Needed) -> None:
    """Push samples and follow the events over one connection.

    Each message of the client is the JSON of ``samples``; it is answered by ``{"update": …}`` or
    ``{"error": …}``. Events come as ``{"event": …}``, from that behind ``?after=`` on.
    """
    live = sessions.get(id)
    with sessions.talking():
        await socket.accept()
        await Conversation(socket, sessions, live, service.settings).run()


def _json(body: bytes) -> Any:
    require_few_lists(body)
    try:
        return from_json(body)
    except ValueError as error:
        raise SampleError(
            "the body", "no JSON", expected="a message of Sensor Logger", found=str(error)[:80]
        ) from None
