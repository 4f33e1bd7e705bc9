"""Routes for those who run the service: is it alive, is it ready, what does it serve."""

from typing import Any

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST

from har.serving.http.errors import content
from har.serving.http.keys import authorised
from har.serving.http.service import Needed, json_of

router = APIRouter(tags=["operations"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(service: Needed) -> Response:
    """Say that a model is served, and whether looks for another one fail."""
    served, problem = service.holder.current, service.holder.problem
    told = {"status": "ready", **served.to_dict()}
    return json_of({**told, "problem": content(problem)["error"] if problem else None}, served)


@router.get("/version", dependencies=[Depends(authorised)])
async def version(service: Needed) -> Response:
    """Name the served model, its digest and signer, and what it takes and answers."""
    served = service.holder.current
    predictor = served.predictor
    facts: dict[str, Any] = {
        **served.to_dict(),
        "signer": served.signer or None,
        "candidate": served.candidate or None,
        "classes": predictor.classes,
        "channels": predictor.channels,
        "units": predictor.units,
        "gravity": predictor.gravity,
        "upright": predictor.upright,
        "rate_hz": predictor.rate_hz,
        "n_samples": predictor.n_samples,
        "n_hop": predictor.n_hop,
        "smoothing": predictor.default_smoother,
    }
    return json_of(facts, served)


@router.get("/metrics", dependencies=[Depends(authorised)])
async def metrics(service: Needed) -> Response:
    """Return all that Prometheus reads."""
    service.metrics.tell(service.holder)
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
