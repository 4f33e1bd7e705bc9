"""Which ONNX builds are made, and what bounds they must meet."""

from pydantic import Field

from har.config.section import Section


class ExportSettings(Section):
    """Bounds that an ONNX build must meet to serve."""

    max_probability_gap: float = 0.15
    min_agreement: float = 0.995
    max_macro_f1_drop: float = 0.005
    max_latency_ms: float = 10.0
    max_slowdown: float = Field(1.2, description="largest latency relative to the fp32 build")
    calibration_windows: int = 512
    unknown_share: float = Field(
        0.005, ge=0, lt=1, description="share of genuine windows that may be called unknown"
    )
    latency_repeats: int = 300
