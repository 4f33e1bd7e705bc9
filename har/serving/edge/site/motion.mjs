// The phone's sensors as samples in m/s² and rad/s, axes and signs as in training.
//
// Browsers give acceleration with gravity of a phone that lies face up as (0, 0, +9.8), Safari on
// iPhones as (0, 0, -9.8). Nothing in the page tells them apart for sure, so the phone is laid
// face up once (`signOf`).

const RADIANS = Math.PI / 180;
const FLAT = 8; // m/s²: gravity along z at least, of a phone that lies
const OTHER = 3; // m/s²: gravity along x and y at most

/** Ask to read the sensors, from a tap, where a browser wants that; false if refused. */
export async function permitted() {
  if (typeof DeviceMotionEvent === "undefined") return false;
  if (typeof DeviceMotionEvent.requestPermission !== "function") return true;
  return (await DeviceMotionEvent.requestPermission()) === "granted";
}

/** An event as values by channel; null where a sensor that the model needs gives nothing. */
export function sample(event, facts, sign) {
  const acceleration = facts.gravity ? event.accelerationIncludingGravity : event.acceleration;
  const rotation = event.rotationRate;
  const read = {
    acc_x: scaled(acceleration?.x, sign),
    acc_y: scaled(acceleration?.y, sign),
    acc_z: scaled(acceleration?.z, sign),
    gyro_x: scaled(rotation?.alpha, RADIANS),
    gyro_y: scaled(rotation?.beta, RADIANS),
    gyro_z: scaled(rotation?.gamma, RADIANS),
  };
  const values = facts.channels.map((channel) => read[channel]);
  return values.every(Number.isFinite) ? values : null;
}

const scaled = (value, factor) => (typeof value === "number" ? value * factor : NaN);

/** What makes z of a phone that lies face up +9.8: 1 or -1; null where it does not lie still. */
export function signOf(events) {
  const [x, y, z] = ["x", "y", "z"].map((axis) =>
    middle(events.map((event) => event.accelerationIncludingGravity?.[axis] ?? NaN)),
  );
  const lies = Math.abs(z) >= FLAT && Math.abs(x) <= OTHER && Math.abs(y) <= OTHER;
  return lies ? Math.sign(z) : null;
}

function middle(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
