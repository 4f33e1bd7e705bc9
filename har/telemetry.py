"""Nothing that a library would report to its makers leaves this machine.

`har` switches it off when it is imported, before any library is: each reads its variable
once. Whoever wants a library to report sets its variable otherwise.
"""

import os

SWITCHED_OFF = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # ONNX Runtime would look up a host and keep an id in the home folder.
    "ORT_DISABLE_TELEMETRY": "1",
}


def switch_off() -> None:
    """Set the variables that the libraries read, unless the user did."""
    for name, value in SWITCHED_OFF.items():
        os.environ.setdefault(name, value)
