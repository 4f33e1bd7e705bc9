// Causal smoothing of answers, as `har.models.smoothing` does it: one window at a time.

const TINY = 2.2250738585072014e-308; // numpy.finfo(float64).tiny

/** The mean of the last windows' probabilities; unknown windows do not count. */
class Average {
  constructor(n) {
    this.n = n;
    this.last = [];
  }

  step(probabilities, unknown) {
    this.last.push(unknown ? null : probabilities);
    if (this.last.length > this.n) this.last.shift();
    const known = this.last.filter((row) => row !== null);
    return probabilities.map((_, c) => known.reduce((sum, row) => sum + row[c], 0) / known.length);
  }
}

/** The forward filter of a hidden Markov model whose hidden states are the classes. */
class HMM {
  constructor({ transition, prior }) {
    this.prior = prior.map(log);
    this.transition = transition.map((row) => row.map(log));
    this.state = null;
  }

  step(probabilities, unknown) {
    const { prior, transition, state } = this;
    const expected = state
      ? prior.map((_, c) => logSum(state.map((from, k) => from + transition[k][c])))
      : prior;
    const next = expected.map((e, c) => e + (unknown ? 0 : log(probabilities[c]) - prior[c]));
    const total = logSum(next);
    this.state = next.map((value) => value - total);
    return this.state.map(Math.exp);
  }
}

const log = (value) => Math.log(Math.max(value, TINY));

function logSum(values) {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** A smoother at the start of a stretch: { step(probabilities, unknown) } by the model's facts. */
export function smoother({ smoother: name, smoothing }) {
  if (name === "average") return new Average(smoothing.n_average);
  if (name === "hmm") return new HMM(smoothing.hmm);
  return { step: (probabilities) => probabilities };
}
