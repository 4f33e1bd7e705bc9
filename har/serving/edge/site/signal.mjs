// Samples of a sensor at its own rate to windows at the model's, as `har.data.resample` does:
// linear interpolation on an even grid near the sensor's rate, then a polyphase filter.

export const GAP_INTERVALS = 1.5; // har.data.recording: a longer step in time is a gap
const TICK = 1e-6; // s: a step is as long as a limit but for rounding
const START_S = 2; // of samples, before the rate is taken as known
const MAX_FACTOR = 20; // har.data.resample
const LEAST_SHARE = 1 / 3; // har.data.rates: of the model's rate; a slower sensor is refused

/** The fraction [p, q] nearest to x with q <= most (Stern–Brocot, as Python's limit_denominator). */
export function fraction(x, most = MAX_FACTOR) {
  let [p0, q0, p1, q1] = [0, 1, 1, 0];
  let rest = x;
  for (;;) {
    const whole = Math.floor(rest);
    const q2 = q0 + whole * q1;
    if (q2 > most) break;
    [p0, q0, p1, q1] = [p1, q1, p0 + whole * p1, q2];
    if (Math.abs(rest - whole) < 1e-9) return [p1, q1];
    rest = 1 / (rest - whole);
  }
  const k = Math.floor((most - q0) / q1);
  const bound = [p0 + k * p1, q0 + k * q1];
  return Math.abs(p1 / q1 - x) <= Math.abs(bound[0] / bound[1] - x) ? [p1, q1] : bound;
}

/** Modified Bessel function of the first kind, of order 0 (its power series). */
function i0(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** The filter of scipy.signal.resample_poly: a sinc in a Kaiser window of beta 5, of gain `up`. */
export function lowPass(up, down) {
  const rate = Math.max(up, down);
  const half = 10 * rate;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = (i - half) / rate;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return sinc * i0(5 * Math.sqrt(1 - ((i - half) / half) ** 2));
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return { half, taps: taps.map((tap) => (up * tap) / sum) };
}

/** Raised where the sensor cannot give what the model needs; `message` is for a person. */
export class SensorError extends Error {}

/** Samples a second: one over the mean step, gaps left out. */
function rate(times) {
  const steps = times.slice(1).map((t, i) => t - times[i]);
  const middle = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  const usual = steps.filter((step) => step <= 2 * middle);
  return usual.length / usual.reduce((a, b) => a + b, 0);
}

const isGap = (step, hz, { max_gap_s }) => step > Math.max(max_gap_s, GAP_INTERVALS / hz) + TICK;

/** One stretch of samples without a gap, from which windows come as soon as they are complete. */
class Stretch {
  constructor(facts) {
    this.facts = facts;
    this.time = [];
    this.values = [];
    this.even = []; // values on the even grid; the first has the number `evenFrom`
    this.evenFrom = 0;
    this.next = null; // number of the next sample at the model's rate
    this.rows = []; // samples at the model's rate, of the window that is being filled
  }

  push(time, values) {
    this.start ??= time;
    this.time.push(time);
    this.values.push(values);
    if (!this.hz && !this.#settle(time)) return [];
    this.#interpolate(time);
    this.#filter();
    return this.#cut();
  }

  /** Take the rate as known, once there are samples of some seconds without a gap. */
  #settle(time) {
    if (time - this.start < START_S) return false;
    const wanted = this.facts.rate_hz;
    const own = rate(this.time);
    const gap = this.time.findLastIndex((t, i) => i > 0 && isGap(t - this.time[i - 1], own, this.facts));
    if (gap > 0) {
      [this.time, this.values] = [this.time.slice(gap), this.values.slice(gap)];
      [this.start] = this.time;
      return false;
    }
    if (own < LEAST_SHARE * wanted) {
      const least = (LEAST_SHARE * wanted).toFixed(0);
      throw new SensorError(
        `This device measures ${own.toFixed(1)} times a second; the model needs at least ${least}.`,
      );
    }
    [this.up, this.down] = fraction(wanted / own);
    this.hz = (wanted * this.down) / this.up;
    this.filter = this.up === this.down ? null : lowPass(this.up, this.down);
    // From here on, the filter has all the samples that it reads.
    this.first = this.filter ? Math.ceil(this.filter.half / this.down) : 0;
    this.next = this.first;
    return true;
  }

  #interpolate(until) {
    for (let i = 0; ; ) {
      const t = this.start + (this.evenFrom + this.even.length) / this.hz;
      if (t > until) {
        this.time.splice(0, i);
        this.values.splice(0, i);
        return;
      }
      while (i + 2 < this.time.length && this.time[i + 1] <= t) i += 1;
      const [a, b] = [this.time[i], this.time[i + 1]];
      const share = (t - a) / (b - a);
      const [before, after] = [this.values[i], this.values[i + 1]];
      this.even.push(before.map((v, c) => v + share * (after[c] - v)));
    }
  }

  #filter() {
    for (;;) {
      const at = this.next * this.down;
      const half = this.filter ? this.filter.half : 0;
      const [low, high] = [Math.ceil((at - half) / this.up), Math.floor((at + half) / this.up)];
      if (high >= this.evenFrom + this.even.length) return;
      this.even.splice(0, Math.max(low - this.evenFrom, 0));
      this.evenFrom = Math.max(low, this.evenFrom);
      this.rows.push(this.filter ? this.#filtered(at, low, high) : this.even[low - this.evenFrom]);
      this.next += 1;
    }
  }

  #filtered(at, low, high) {
    const sums = new Array(this.even[0].length).fill(0);
    for (let g = low; g <= high; g += 1) {
      const tap = this.filter.taps[at - g * this.up + this.filter.half];
      const row = this.even[g - this.evenFrom];
      for (let c = 0; c < sums.length; c += 1) sums[c] += tap * row[c];
    }
    return sums;
  }

  #cut() {
    const { n_samples, n_hop, rate_hz } = this.facts;
    const found = [];
    while (this.rows.length >= n_samples) {
      const start = this.start + (this.next - this.rows.length) / rate_hz;
      const values = Float32Array.from(this.rows.slice(0, n_samples).flat());
      found.push({ start_s: start, end_s: start + n_samples / rate_hz, values });
      this.rows.splice(0, n_hop);
    }
    return found;
  }
}

/** Windows of a stream of samples; none reaches across a gap. */
export class Windows {
  #last = -Infinity;

  constructor(facts) {
    this.facts = facts;
    this.restart();
  }

  /** Forget what was not answered, as after a gap. */
  restart() {
    this.stretch = new Stretch(this.facts);
    this.#last = -Infinity;
  }

  /**
   * Take a sample: its time in s, its values in the order of the model's channels.
   * Returns { gap, windows }: whether a gap lies before it, and the windows that it completes.
   */
  push(time, values) {
    if (time <= this.#last) return { gap: false, windows: [] }; // repeated
    const step = this.#last === -Infinity ? 0 : time - this.#last;
    const { hz } = this.stretch;
    const gap = hz ? isGap(step, hz, this.facts) : step > START_S;
    if (gap) this.restart();
    this.#last = time;
    return { gap, windows: this.stretch.push(time, values) };
  }
}
