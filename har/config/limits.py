"""How much a file of a stranger may take; what is read of one within them does not depend on it."""

from pydantic import Field

from har.config.section import Count, Positive, Section


class LimitSettings(Section):
    """How much what is opened may take; more is refused, by the name of the bound."""

    unpacked_gb: Positive = Field(
        64.0, description="what archives and compressed files unpack to, all levels together, GB"
    )
    ratio: Positive = Field(
        200.0,
        description="that to their own bytes, over 20 MB; text of numbers shrinks 3 to 20 times",
    )
    members: Count = Field(
        200_000, description="files in a folder or an archive, all levels together"
    )
    rows: Count = Field(4_000_000_000, description="rows of one table")
    columns: Count = Field(10_000, description="columns of one table")
    row_groups: Count = Field(100_000, description="row groups of one Parquet file")
    whole_mb: Positive = Field(
        10.0, description="JSON and CBOR that are read at once: a file, or a message of many, MB"
    )
    samples: Count = Field(
        1_000_000, description="samples of one JSON file of messages, which memory holds"
    )
    binary_mb: Positive = Field(
        512.0, description="a recorder's binary file, which memory holds, unpacked, MB"
    )
