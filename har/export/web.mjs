// Answers windows with onnxruntime-web, the WebAssembly build of ONNX Runtime, under Node.
//
// node web.mjs                                     prints the version of onnxruntime-web
// node web.mjs WINDOWS SHAPE BATCH REPEATS MODEL…  writes MODEL.probabilities and prints times
//
// WINDOWS is raw float32, SHAPE three numbers joined by commas. Times are the milliseconds of
// each call with one window, one JSON array per model.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

// From the current folder's node_modules, or from a folder of NODE_PATH.
const ort = createRequire(path.join(process.cwd(), "main.js"))("onnxruntime-web");
const [windows, shape, batch, repeats, ...models] = process.argv.slice(2);

if (windows === undefined) {
  console.log(ort.env.versions.web);
} else {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const [count, ...window] = shape.split(",").map(Number);
  const size = window[0] * window[1];
  const bytes = fs.readFileSync(windows);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, count * size);
  const taken = (start, stop) =>
    ({ windows: new ort.Tensor("float32", values.slice(start * size, stop * size), [stop - start, ...window]) });
  for (const model of models) {
    const session = await ort.InferenceSession.create(fs.readFileSync(model), { executionProviders: ["wasm"] });
    const parts = [];
    for (let start = 0; start < count; start += Number(batch)) {
      const answers = await session.run(taken(start, Math.min(start + Number(batch), count)));
      const { data } = answers.probabilities;
      parts.push(Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)));
    }
    fs.writeFileSync(`${model}.probabilities`, Buffer.concat(parts));
    const one = taken(0, 1);
    const times = [];
    for (let call = 0; call < Number(repeats); call += 1) {
      const begin = performance.now();
      await session.run(one);
      times.push(performance.now() - begin);
    }
    console.log(JSON.stringify(times));
  }
}
