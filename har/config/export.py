"""Which ONNX builds are made, and what bounds they must meet."""

from pydantic import Field

from har.config.section import Count, Positive, Section, Share


class ExportSettings(Section):
    """Bounds that an ONNX build must meet to serve."""

    max_probability_gap: Share = 0.1
    max_answer_gap: Share = Field(
        0.01,
        description="largest difference of a probability between answers of one file: alone or "
        "among other windows, here or in WebAssembly",
    )
    min_agreement: Share = 0.995
    max_macro_f1_drop: Share = 0.005
    max_latency_ms: Positive = 10.0
    max_slowdown: Positive = Field(1.2, description="largest latency relative to the fp32 build")
    calibration_windows: Count = 512
    unknown_share: float = Field(
        0.005, ge=0, lt=1, description="share of genuine windows that may be called unknown"
    )
    latency_repeats: Count = 300
