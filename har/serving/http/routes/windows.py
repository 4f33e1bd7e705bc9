"""Own routes: windows as JSON."""

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from har.models.answers import Answers
from har.serving.http.keys import authorised
from har.serving.http.schemas import ERRORS, body_of, parsed
from har.serving.http.service import Needed, client_of, json_of
from har.serving.http.windows import WindowsRequest, windows_of
from har.serving.predictor import UNLIKE
from har.serving.served import Served

router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[Depends(authorised)])


class WindowAnswer(BaseModel):
    """What the model answers for one window."""

    activity: str
    probability: float
    reason: str
    distance: float | None
    probabilities: list[float]


class WindowsAnswer(BaseModel):
    """What the model answers for windows, and which model it is."""

    model: str
    version: str
    sha256: str
    classes: list[str]
    answers: list[WindowAnswer]


@router.post(
    "/windows",
    response_model=WindowsAnswer,
    responses=ERRORS,
    openapi_extra=body_of(WindowsRequest),
)
async def windows(request: Request, service: Needed) -> Response:
    """Answer raw windows, each by itself.

    ``activity`` is ``unknown``, with probability 0, where a window is unlike training.
    """
    served = service.holder.current
    # The lists of the body are not kept while the model answers.
    taken = windows_of(await parsed(request, WindowsRequest), served.predictor)
    answers = await service.answer(served, taken, client_of(request))
    return json_of(_content(served, answers), served)


def _content(served: Served, answers: Answers) -> dict[str, object]:
    columns = zip(
        answers.activity.tolist(),
        answers.probability.tolist(),
        answers.unknown.tolist(),
        answers.distance.tolist(),
        answers.probabilities.tolist(),
        strict=True,
    )
    rows = [
        {
            "activity": activity,
            "probability": probability,
            "reason": UNLIKE if unknown else "",
            "distance": distance,
            "probabilities": probabilities,
        }
        for activity, probability, unknown, distance, probabilities in columns
    ]
    return {**served.to_dict(), "classes": answers.classes, "answers": rows}
