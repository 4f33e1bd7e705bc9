// Streams samples through the page's modules under Node, and prints every answer as JSON.
//
// node stream.mjs FOLDER SAMPLES   SAMPLES: raw float64, a row of time and channels each
import fs from "node:fs";

const [folder, samples] = process.argv.slice(2);
const at = (name) => `${folder}/${name}`;
const ort = await import(at("runtime/ort.wasm.bundle.min.mjs"));
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = fs.readFileSync(at("runtime/ort-wasm-simd-threaded.wasm"));
const { Model, Recogniser } = await import(at("recogniser.mjs"));
const facts = JSON.parse(fs.readFileSync(at("model.json")));
const recogniser = new Recogniser(await Model.load(ort, fs.readFileSync(at("model.onnx")), facts));
const bytes = fs.readFileSync(samples);
const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const width = facts.channels.length + 1;
const answers = [];
for (let row = 0; row < values.length; row += width) {
  const [time, ...channels] = values.subarray(row, row + width);
  answers.push(...(await recogniser.push(time, channels)));
}
console.log(JSON.stringify(answers));
