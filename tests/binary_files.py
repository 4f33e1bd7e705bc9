"""Tiny files in the published layouts of ActiGraph's, Axivity's and GENEActiv's recorders."""

import io
import struct
import zipfile
from collections.abc import Sequence

Rows = Sequence[tuple[float, float, float]]  # g


def gt3x(seconds: Sequence[Rows], *, parameters: bool = True, kind: int = 0x00) -> bytes:
    """Return a ``.gt3x`` from 2019-04-24 21:35: a record a second, of as many Hz as rows.

    Layout: github.com/actigraph/GT3X-File-Format (activity of 12 bits, y x z; 256 counts a g).
    """
    start = 1_556_141_700
    scale = struct.pack("<HHI", 0, 55, 0x09400000)  # 256 = .5 * 2^9, in the format's own float
    rate = struct.pack("<HHI", 0, 10, len(seconds[0]))
    log = _record(0x15, start, rate + scale) if parameters else b""
    for i, rows in enumerate(seconds):
        counts = [round(256 * value) & 0xFFF for x, y, z in rows for value in (y, x, z)]
        bits = "".join(f"{count:012b}" for count in counts)
        log += _record(kind, start + i, int(bits, 2).to_bytes(len(bits) // 8, "big"))
    info = (
        "Serial Number: MOS2D00000000\r\nDevice Type: wGT3XBT\r\nFirmware: 1.9.2\r\n"
        f"Sample Rate: {len(seconds[0])}\r\nAcceleration Scale: 256.0\r\n"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("info.txt", info)
        archive.writestr("log.bin", log)
    return buffer.getvalue()


def _record(kind: int, time: int, payload: bytes) -> bytes:
    record = struct.pack("<BBIH", 0x1E, kind, time, len(payload)) + payload
    checksum = 0
    for byte in record:
        checksum ^= byte
    return record + bytes([checksum ^ 0xFF])


def cwa(blocks: Sequence[Sequence[Sequence[float]]]) -> bytes:
    """Return a ``.cwa`` at 100 Hz from 2014-05-07 16:29:30.

    Rows are x, y, z of an AX3, or of an AX6 these and angular velocity in deg/s. Layout:
    github.com/openmovementproject/openmovement, Docs/ax3 (unpacked; 256 counts a g, 2000 deg/s).
    """
    axes = len(blocks[0][0])
    header = bytearray(1024)
    struct.pack_into("<2sHBHI", header, 0, b"MD", 1020, 0x17 if axes == 3 else 0x64, 1234, 1)
    struct.pack_into("<B", header, 36, 0x4A)
    data = bytes(header)
    elapsed = 0
    for i, rows in enumerate(blocks):
        second, samples = divmod(elapsed, 100)
        stamp = (14 << 26) | (5 << 22) | (7 << 17) | (16 << 12) | (29 << 6) | (30 + second)
        block = bytearray(512)
        scales = 0 if axes == 3 else 2 << 10  # 256 counts a g, 8000 / 2^2 deg/s
        struct.pack_into("<2sHHIIIH", block, 0, b"AX", 508, 0, 1, i, stamp, scales)
        # The stamp holds at the sample of the given number, which may be before the block.
        struct.pack_into("<BBhH", block, 24, 0x4A, axes << 4 | 2, -samples, len(rows))
        counts = []
        for row in rows:
            counts += [round(32768 * value / 2000) for value in row[3:]]
            counts += [round(256 * value) for value in row[:3]]
        struct.pack_into(f"<{len(counts)}h", block, 30, *counts)
        total = sum(struct.unpack("<255H", block[:510])) & 0xFFFF
        struct.pack_into("<H", block, 510, (0x10000 - total) & 0xFFFF)
        data += bytes(block)
        elapsed += len(rows)
    return data


def geneactiv(pages: Sequence[Rows]) -> bytes:
    """Return a GENEActiv ``.bin`` at 100 Hz from 2025-06-12 13:20:18, pages of 300 rows.

    Layout: the device's manual (12 bits an axis; g = (100 counts - offset) / gain).
    """
    header = (
        "Device Identity\r\nDevice Unique Serial Code:012345\r\nDevice Type:GENEActiv\r\n"
        "Device Model:1.1\r\nDevice Firmware Version:Ver4.08\r\nCalibration Date:2020\r\n \r\n"
        "Device Capabilities\r\nAccelerometer Range:-8 to 8\r\nAccelerometer Resolution:0.0039\r\n"
        "Accelerometer Units:g\r\nLight Meter Range:0 to 5000\r\nLight Meter Resolution:5\r\n"
        "Light Meter Units:lux\r\nTemperature Sensor Range:0 to 60\r\n"
        "Temperature Sensor Resolution:0.1\r\nTemperature Sensor Units:deg. C\r\n \r\n"
        "Configuration Info\r\nMeasurement Frequency:100 Hz\r\nMeasurement Period:1 Hours\r\n"
        "Start Time:2025-06-12 13:20:18:000\r\nTime Zone:GMT +00:00\r\n \r\n"
        "Trial Info\r\nStudy Centre:\r\nStudy Code:\r\nInvestigator ID:\r\nExercise Type:\r\n"
        "Config Operator ID:\r\nConfig Time:\r\nConfig Notes:\r\nExtract Operator ID:\r\n"
        "Extract Time:\r\nExtract Notes:\r\n \r\n"
        "Subject Info\r\nDevice Location Code:left wrist\r\nSubject Code:P07\r\nDate of Birth:\r\n"
        "Sex:\r\nHeight:\r\nWeight:\r\nHandedness Code:\r\nSubject Notes:\r\n \r\n"
        "Calibration Data\r\nx gain:25600\r\nx offset:0\r\ny gain:25600\r\ny offset:0\r\n"
        "z gain:25600\r\nz offset:0\r\nVolts:300\r\nLux:800\r\n \r\n"
        f"Memory Status\r\nNumber of Pages:{len(pages)}\r\n\r\n"
    )
    text = header
    for i, rows in enumerate(pages):
        text += (
            f"Recorded Data\r\nDevice Unique Serial Code:012345\r\nSequence Number:{i}\r\n"
            f"Page Time:2025-06-12 13:20:{18 + 3 * i}:000\r\nUnassigned:\r\nTemperature:26.1\r\n"
            "Battery voltage:4.1\r\nDevice Status:Recording\r\nMeasurement Frequency:100.0\r\n"
        )
        text += "".join(
            "".join(f"{round(256 * value) & 0xFFF:03X}" for value in row) + "000" for row in rows
        )
        text += "\r\n"
    return text.encode()
