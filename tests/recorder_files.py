"""One recording in each recorder's layout: a second of somebody who stands, and slowly turns."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

G = 9.80665
N, STEP_MS = 100, 10
NS = 1_600_000_000_000_000_000
ACC = [(0.1 * math.sin(i / 9), 0.05 * math.cos(i / 7), 1.0) for i in range(N)]  # g
TURN = [(20 * math.sin(i / 8), 5.0, -2.0) for i in range(N)]  # deg/s
FIELD = [(30.0, -20.0, 32.0 + 0.1 * i / N) for i in range(N)]  # µT
SI = [tuple(v * G for v in row) for row in ACC]
RAD = [tuple(math.radians(v) for v in row) for row in TURN]
Rows = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Sample:
    """Files of a recording, and the answers to what is in doubt."""

    files: dict[str, str]
    stated: dict[str, str] = field(default_factory=dict)
    has_gyro: bool = True

    @property
    def has_mag(self) -> bool:
        """Whether there is a magnetometer."""
        return any("Magn" in name + text or "Mag_X" in text for name, text in self.files.items())


def lines(
    first: str, *columns: Rows, time: Callable[[int], object] | None, separator: str = ","
) -> str:
    """Return a table below its first lines."""
    rows = []
    for i in range(N):
        numbers = [f"{value:.6f}" for column in columns for value in column[i]]
        rows.append(separator.join([*([str(time(i))] if time else []), *numbers]))
    return "\n".join([*([first] if first else []), *rows]) + "\n"


def ms(i: int) -> int:
    """Return the time of a row, ms."""
    return i * STEP_MS


def _of_day(i: int) -> str:
    return f"{10 + ms(i) / 1000:06.3f}"


ACTIGRAPH = (
    "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.4 Firmware v3.2.1 date "
    "format M/d/yyyy at 100 Hz  Filter Normal -----------\nSerial Number: N\nStart Time 10:00:00\n"
    "Start Date 3/1/2024\nEpoch Period (hh:mm:ss) 00:00:00\nDownload Time 12:00:00\n"
    "Download Date 3/1/2024\nCurrent Memory Address: 0\nCurrent Battery Voltage: 4.12\n"
    "--------------------------------------------------\n"
    "Accelerometer X,Accelerometer Y,Accelerometer Z"
)
GENEACTIV = (
    "Device Type,GENEActiv\nMeasurement Frequency,100 Hz\nSubject Code,7" + "\n" * 97
).rstrip("\n") + "\n" * 97
SHIMMER = "sep=\t\n{}\nms{}{}{}".format(
    "\t".join(
        f"Shimmer_8665_{name}_CAL"
        for name in (
            "Timestamp_Unix",
            *(f"{what}_{axis}" for what in ("Accel_LN", "Gyro", "Mag") for axis in "XYZ"),
        )
    ),
    *(3 * f"\t{unit}" for unit in ("m/(s^2)", "deg/s", "uT")),
)
UMAFALL = (
    "%0; F8; WAIST; phone\n%TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID"
)


def _umafall() -> str:
    rows = [UMAFALL]
    for i in range(N):
        for kind, (x, y, z) in ((0, ACC[i]), (1, TURN[i])):
            rows.append(f"{ms(i)};{i};{x:.6f};{y:.6f};{z:.6f};{kind};0")
    return "\n".join(rows) + "\n"


def _edge_impulse() -> str:
    names = [
        (f"{what}{axis}", unit)
        for what, unit in (("acc", "m/s2"), ("gyr", "deg/s"))
        for axis in "XYZ"
    ]
    payload = {
        "device_type": "NANO33BLE",
        "interval_ms": STEP_MS,
        "sensors": [{"name": name, "units": unit} for name, unit in names],
        "values": [[*acc, *turn] for acc, turn in zip(SI, TURN, strict=True)],
    }
    return json.dumps({"protected": {"ver": "v1"}, "signature": "0", "payload": payload})


def _sensor_logger(rows: Rows) -> str:
    reverse = [row[::-1] for row in rows]
    return lines(
        "time,seconds_elapsed,z,y,x", reverse, time=lambda i: f"{NS + ms(i) * 10**6},{ms(i) / 1000}"
    )


def _sensor_logger_json() -> str:
    return json.dumps(
        [
            {
                "sensor": sensor,
                "time": str(NS + ms(i) * 10**6),
                "seconds_elapsed": str(ms(i) / 1000),
            }
            | dict(zip("xyz", map(str, row), strict=True))
            for sensor, rows in (
                *(("TotalAcceleration", SI), ("Gyroscope", RAD), ("Magnetometer", FIELD)),
            )
            for i, row in enumerate(rows)
        ]
    )


def _named(what: str, unit: str) -> str:
    return ",".join(f'"{what} {axis} ({unit})"' for axis in "xyz")


SAMPLES = {
    "actigraph": Sample({"raw.csv": lines(ACTIGRAPH, ACC, time=None)}, has_gyro=False),
    "androsensor": Sample(
        {
            "s.csv": lines(
                "Time since start in ms ;ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);"
                "ACCELEROMETER Z (m/s²);GYROSCOPE X (rad/s);GYROSCOPE Y (rad/s);"
                "GYROSCOPE Z (rad/s)",
                *(SI, RAD),
                time=ms,
                separator=";",
            )
        }
    ),
    "arduino": Sample(
        {"a.csv": lines("aX,aY,aZ,gX,gY,gZ", ACC, TURN, time=None)}, {"rate_hz": "100"}
    ),
    "axivity": Sample(
        {"x.csv": lines("", ACC, TURN, time=lambda i: f"2014-05-07 16:29:{_of_day(i)}")}
    ),
    "edge-impulse": Sample({"walk.json": _edge_impulse()}),
    "edge-impulse-csv": Sample(
        {"e.csv": lines("timestamp,accX,accY,accZ,gyrX,gyrY,gyrZ", SI, TURN, time=ms)},
        {"gyro_unit": "deg/s"},
    ),
    "empatica": Sample(
        {
            "ACC.csv": "1598022000.0, 1598022000.0, 1598022000.0\n100.0, 100.0, 100.0\n"
            + "".join(f"{round(x * 64)},{round(y * 64)},{round(z * 64)}\n" for x, y, z in ACC)
        },
        has_gyro=False,
    ),
    "geneactiv": Sample(
        {
            "g.csv": lines(
                GENEACTIV,
                *(ACC, [(1, 0, 25)] * N),
                time=lambda i: f"2025-06-12 13:20:{_of_day(i).replace('.', ':')}",
            )
        },
        has_gyro=False,
    ),
    "mbientlab": Sample(
        {
            f"a_{sensor}.csv": lines(
                "epoc (ms),timestamp (-0700),elapsed (s),"
                f"x-axis ({unit}),y-axis ({unit}),z-axis ({unit})",
                rows,
                time=lambda i: f"{1547219408431 + ms(i)},t,{ms(i) / 1000}",
            )
            for sensor, unit, rows in (
                ("Accelerometer", "g", ACC),
                ("Gyroscope", "deg/s", TURN),
                ("Magnetometer", "T", [tuple(v / 1e6 for v in row) for row in FIELD]),
            )
        }
    ),
    "phyphox": Sample(
        {
            f"{sensor}.csv": lines(
                f'"Time (s)","X ({unit})","Y ({unit})","Z ({unit})"',
                rows,
                time=lambda i: ms(i) / 1000,
            )
            for sensor, unit, rows in (
                ("Accelerometer", "m/s^2", SI),
                ("Gyroscope", "rad/s", RAD),
                ("Magnetometer", "µT", FIELD),
            )
        }
    ),
    "phyphox-one": Sample(
        {
            "Raw Data.csv": lines(
                f'"Time (s)",{_named("Acceleration", "m/s^2")}', SI, time=lambda i: ms(i) / 1000
            )
        },
        has_gyro=False,
    ),
    "physics-toolbox": Sample(
        {"p.csv": lines("time,gFx,gFy,gFz,wx,wy,wz", ACC, RAD, time=lambda i: ms(i) / 1000)},
        {"acc_sign": "+"},
    ),
    "polar": Sample(
        {
            "P_ACC.txt": lines(
                "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
                [tuple(1000 * v for v in row) for row in ACC],
                time=lambda i: f"2026-06-10T22:00:00;{ms(i) * 10**6}",
                separator=";",
            )
        },
        has_gyro=False,
    ),
    "sensor-logger": Sample(
        {
            "TotalAcceleration.csv": _sensor_logger(SI),
            "Gyroscope.csv": _sensor_logger(RAD),
            "Magnetometer.csv": _sensor_logger(FIELD),
        }
    ),
    "sensor-logger-json": Sample({"rec.json": _sensor_logger_json()}),
    "sensorlog": Sample(
        {
            "log.csv": lines(
                "loggingTime(txt),accelerometerAccelerationX(G),accelerometerAccelerationY(G),"
                "accelerometerAccelerationZ(G),gyroRotationX(rad/s),gyroRotationY(rad/s),"
                "gyroRotationZ(rad/s)",
                *([tuple(-v for v in row) for row in ACC], RAD),
                time=lambda i: f"2026-11-20 10:00:{_of_day(i)} +0100",
            )
        }
    ),
    "shimmer": Sample(
        {
            "s.csv": lines(
                *(SHIMMER, SI, TURN, FIELD),
                time=lambda i: 1600000000000 + ms(i),
                separator="\t",
            )
        }
    ),
    "umafall": Sample({"u.csv": _umafall()}),
    "weda": Sample(
        {
            f"U1_{what}.csv": lines(
                f"{what}_time_list,{what}_x_list,{what}_y_list,{what}_z_list",
                rows,
                time=lambda i: ms(i) / 1000,
            )
            for what, rows in (("accel", SI), ("gyro", RAD))
        }
    ),
    "xsens-dot": Sample(
        {
            "d.csv": lines(
                "DeviceTag:,L\n\nPacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
                *(SI, TURN),
                time=lambda i: f"{i},{ms(i) * 1000}",
            )
        }
    ),
}


def recorder_of(sample: str) -> str:
    """Return the recorder whose layout a sample has."""
    return sample.removesuffix("-csv").removesuffix("-json").removesuffix("-one")
