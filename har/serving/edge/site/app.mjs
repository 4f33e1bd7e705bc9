// The page: a tap starts the sensors, answers are shown as they come.

import * as ort from "./runtime/ort.wasm.bundle.min.mjs";
import { permitted, sample, signOf } from "./motion.mjs";
import { Model, Recogniser, UNKNOWN } from "./recogniser.mjs";
import { cell } from "./sheet.mjs";

const SHOWN_S = 600; // of the timeline
const SILENT_S = 3; // without an event, there is no sensor
const LIE_S = 1; // face up, to learn the sign
const SIGN = "har-sign"; // in localStorage
const SMOOTHERS = { average: "the mean of the last windows", hmm: "a hidden Markov model" };
const GREY = "#8a8f96";

const $ = (id) => document.getElementById(id);
const state = { facts: null, model: null, answers: [], seconds: new Map(), stop: null };

async function load() {
  if (!window.isSecureContext) {
    return problem("Browsers give motion sensors to secure pages alone: open this page by https, or on localhost.");
  }
  const facts = await (await fetch("model.json")).json();
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: new URL("./runtime/ort-wasm-simd-threaded.wasm", import.meta.url).href };
  const bytes = new Uint8Array(await (await fetch("model.onnx")).arrayBuffer());
  state.model = await Model.load(ort, bytes, facts);
  state.facts = facts;
  describe(facts);
  ready();
}

function ready() {
  const known = localStorage.getItem(SIGN) !== null;
  const worn = state.facts.placements.length ? ` (${state.facts.placements.join(", ")})` : "";
  $("advice").textContent = known
    ? `Start, and wear the phone as in training${worn}.`
    : `Lay the phone on a table, screen up, and start. Then wear it as in training${worn}.`;
  $("start").textContent = "Start";
  $("start").disabled = false;
}

async function start() {
  problem("");
  $("start").disabled = true;
  try {
    if (!(await permitted())) throw new Error("The motion sensors may not be read: allow them for this page.");
    const sign = await knownSign();
    $("setup").hidden = true;
    $("live").hidden = false;
    await run(sign);
  } catch (error) {
    problem(error.message);
  } finally {
    ready();
    $("setup").hidden = false;
  }
}

/** The sign of acceleration, learned once with the phone lying face up. */
async function knownSign() {
  const known = localStorage.getItem(SIGN);
  if (known !== null) return Number(known);
  const events = await collect(LIE_S);
  const sign = signOf(events);
  if (sign === null) throw new Error("The phone does not lie still with its screen up: lay it down and start again.");
  localStorage.setItem(SIGN, String(sign));
  return sign;
}

/** Events of some seconds; an error if none comes. */
function collect(seconds) {
  return new Promise((resolve, reject) => {
    const events = [];
    const take = (event) => events.push(event);
    window.addEventListener("devicemotion", take);
    setTimeout(() => {
      window.removeEventListener("devicemotion", take);
      if (events.some((event) => event.accelerationIncludingGravity?.x != null)) resolve(events);
      else reject(new Error("This device gives no motion: it has no sensors, or the browser keeps them back."));
    }, seconds * 1000);
  });
}

/** Answer until stopped; samples wait for each other in one chain of promises. */
async function run(sign) {
  const recogniser = new Recogniser(state.model);
  const lock = await navigator.wakeLock?.request("screen").catch(() => null);
  let chain = Promise.resolve();
  let heard = performance.now();
  await new Promise((resolve, reject) => {
    const take = (event) => {
      const values = sample(event, state.facts, sign);
      if (values === null) return;
      heard = performance.now();
      const time = (performance.timeOrigin + event.timeStamp) / 1000;
      chain = chain.then(() => recogniser.push(time, values)).then(show).catch(end);
    };
    const watch = setInterval(() => {
      if (performance.now() - heard > SILENT_S * 1000) {
        end(new Error(`No values of ${state.facts.sensors} for ${SILENT_S} seconds.`));
      }
    }, 1000);
    function end(error) {
      clearInterval(watch);
      window.removeEventListener("devicemotion", take);
      lock?.release();
      state.stop = null;
      if (error) reject(error);
      else resolve();
    }
    state.stop = () => end();
    window.addEventListener("devicemotion", take);
  });
}

function show(answers) {
  if (!answers.length) return;
  for (const { start_s, end_s, activity, probability } of answers) {
    state.answers.push({ start_s, end_s, activity, probability });
    state.seconds.set(activity, (state.seconds.get(activity) ?? 0) + state.facts.hop_s);
  }
  const last = answers.at(-1);
  if ($("activity").textContent !== last.activity) $("activity").textContent = last.activity;
  const percent = `${Math.round(100 * last.probability)} %`;
  $("detail").textContent =
    last.activity === UNKNOWN ? "unlike anything in training" : `confidence ${percent}`;
  drawLine(last.end_s);
  drawSums();
}

const colour = (activity) => state.facts.colours[activity] ?? GREY;

function drawLine(now) {
  const { hop_s } = state.facts;
  const from = now - SHOWN_S;
  const bars = [];
  for (const { end_s, activity } of state.answers.slice(-Math.ceil(SHOWN_S / hop_s) - 1)) {
    const bar = document.createElement("i");
    bar.style.left = `${(100 * (end_s - hop_s - from)) / SHOWN_S}%`;
    bar.style.width = `${(100 * hop_s) / SHOWN_S + 0.1}%`;
    bar.style.background = colour(activity);
    bars.push(bar);
  }
  $("line").replaceChildren(...bars);
}

function drawSums() {
  const rows = [...state.seconds].sort((a, b) => b[1] - a[1]).map(([activity, seconds]) => {
    const row = document.createElement("tr");
    const [name, minutes] = [row.insertCell(), row.insertCell()];
    const mark = document.createElement("i");
    mark.style.background = colour(activity);
    name.append(mark, activity);
    minutes.textContent = clock(seconds);
    return row;
  });
  $("sums").replaceChildren(...rows);
}

/** Seconds as minutes:seconds. */
function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function save() {
  const rows = state.answers.map((a) =>
    [a.start_s.toFixed(3), a.end_s.toFixed(3), cell(a.activity), a.probability.toFixed(4)].join(","),
  );
  const text = ["start_s,end_s,activity,probability", ...rows, ""].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "activities.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function describe(facts) {
  const said = {
    model: facts.model,
    version: facts.version,
    "SHA-256": facts.sha256,
    activities: facts.classes.join(", "),
    sensors: facts.sensors,
    "worn at": facts.placements.join(", "),
    window: `${facts.window_s} s, one every ${facts.hop_s} s, at ${facts.rate_hz} Hz`,
    "smoothed by": SMOOTHERS[facts.smoother],
  };
  for (const [name, value] of Object.entries(said).filter(([, value]) => value)) {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    text.textContent = value;
    $("model").append(term, text);
  }
}

function problem(text) {
  $("problem").textContent = text;
}

$("start").addEventListener("click", start);
$("stop").addEventListener("click", () => state.stop?.());
$("save").addEventListener("click", save);
navigator.serviceWorker?.register("service-worker.js");
load().catch((error) => problem(`The model cannot be loaded: ${error.message}`));
