// Prints what the page makes of a stream before any model: its windows, or its filter.
//
// node windows.mjs SITE FACTS SAMPLES   SAMPLES: raw float64, a row of time and channels each
// node windows.mjs SITE filter UP DOWN
// node windows.mjs SITE fraction X…
import fs from "node:fs";

const [site, what, ...rest] = process.argv.slice(2);
const { Windows, fraction, lowPass } = await import(`${site}/signal.mjs`);
if (what === "filter") {
  console.log(JSON.stringify(Array.from(lowPass(...rest.map(Number)).taps)));
} else if (what === "fraction") {
  console.log(JSON.stringify(rest.map((x) => fraction(Number(x)))));
} else {
  const facts = JSON.parse(what);
  const windows = new Windows(facts);
  const bytes = fs.readFileSync(rest[0]);
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  const found = [];
  for (let row = 0; row < values.length; row += facts.channels + 1) {
    const [time, ...channels] = values.subarray(row, row + facts.channels + 1);
    const { gap, windows: more } = windows.push(time, channels);
    if (gap) found.push({ gap: time });
    found.push(...more.map((window) => ({ ...window, values: Array.from(window.values) })));
  }
  console.log(JSON.stringify(found));
}
