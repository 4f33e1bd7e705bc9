"""How models are served over HTTP; answers do not depend on it."""

from pathlib import Path

from pydantic import Field

from har.config.secrets import ApiKey
from har.config.section import Count, Positive, Section


class ServeSettings(Section):
    """How models are served over HTTP."""

    host: str = Field("127.0.0.1", description="address to listen at; 0.0.0.0: all of them")
    port: int = Field(8000, ge=0, lt=2**16, description="0: any that is free")
    workers: Count = Field(1, description="processes that share the port")
    threads: Count = Field(1, description="CPU threads of one call of the model")
    api_keys: tuple[ApiKey, ...] = Field(
        (), description="one of them is asked of every client; needed beyond this machine"
    )
    api_keys_file: Path | None = Field(None, description="the same, one on each line")
    hosts: tuple[str, ...] = Field(
        (), description="names of the service without keys, and of the page, other than localhost"
    )
    origins: tuple[str, ...] = Field(
        (), description="pages of other sites whose scripts may ask, as https://lab.example.org"
    )
    max_json_mb: Positive = Field(16.0, description="largest body of JSON, MB")
    max_upload_mb: Positive = Field(512.0, description="largest upload of recordings, MB")
    timeout_s: Positive = Field(60.0, description="for the answer, and for the body to arrive")
    concurrency: Count = Field(128, description="requests at once; more get 503")
    per_client: Count = Field(64, description="of them from one client; more get 429")
    readers: Count = Field(2, description="uploaded recordings that are read at once")
    batch: Count = Field(128, description="windows that share one call of the model")
    wait_ms: float = Field(0.0, ge=0, le=100, description="waited for windows that share a call")
    poll_s: float = Field(30.0, ge=0, description="between looks for another model; 0: none")
    grace_s: Positive = Field(30.0, description="to finish requests in, when asked to end")
    sessions: Count = Field(100, description="streams at once; more get 429")
    session_idle_s: Positive = Field(
        900.0, description="after which a stream that nobody pushes to ends"
    )
    log: Path | None = Field(
        None, description="folder for what was answered, as Parquet without signals; none: no log"
    )
    log_every_s: Positive = Field(60.0, description="between files of the log")
    log_days: Positive = Field(30.0, description="after which files of the log are removed")
    log_mb: Positive = Field(
        1000.0, description="most that the log takes; the oldest files go first"
    )
    log_identity: bool = Field(False, description="whether the log names clients and recordings")
