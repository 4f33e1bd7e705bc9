// A model and what it says of a stream of samples. Needs no page: tests run it under Node.

import { Windows } from "./signal.mjs";
import { smoother } from "./smoothing.mjs";

export const UNKNOWN = "unknown";

/** Windows answered by ONNX Runtime. `ort` is onnxruntime-web, `bytes` the ONNX file. */
export class Model {
  static async load(ort, bytes, facts) {
    const model = new Model();
    model.session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    Object.assign(model, { ort, facts });
    return model;
  }

  /** Probabilities of the classes for one window, and whether the window is unlike training. */
  async answer(values) {
    const { n_samples, channels, distance_threshold: most } = this.facts;
    const shape = [1, n_samples, channels.length];
    const found = await this.session.run({ windows: new this.ort.Tensor("float32", values, shape) });
    // Not `>`: the distance of a window with missing values is NaN, and it is unknown too.
    const unknown = "distance" in found && most !== null && !(found.distance.data[0] <= most);
    return { probabilities: Array.from(found.probabilities.data), unknown };
  }
}

/** Activities of a stream, smoothed as was best on validation subjects. */
export class Recogniser {
  constructor(model) {
    this.model = model;
    this.windows = new Windows(model.facts);
    this.smoother = smoother(model.facts);
  }

  /**
   * Take a sample: its time in s, its values in the order of the model's channels.
   * Returns answers, mostly none: { start_s, end_s, activity, probability, probabilities, gap }.
   */
  async push(time, values) {
    const { gap, windows } = this.windows.push(time, values);
    if (gap) this.smoother = smoother(this.model.facts);
    const answers = [];
    for (const window of windows) answers.push(await this.#answered(window));
    return answers;
  }

  async #answered({ start_s, end_s, values }) {
    const { classes } = this.model.facts;
    const { probabilities, unknown } = await this.model.answer(values);
    const smoothed = this.smoother.step(probabilities, unknown);
    const best = smoothed.indexOf(Math.max(...smoothed));
    return {
      start_s,
      end_s,
      activity: unknown ? UNKNOWN : classes[best],
      probability: unknown ? 0 : probabilities[best],
      probabilities,
    };
  }
}
