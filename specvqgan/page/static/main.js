// The sampling tool: what is given on the left, what came out on the right. The program's state is asked for.

import { Codes } from "./codes.js";
import { Player } from "./player.js";

const SLOW_MS = 1500;
const FAST_MS = 200;
const at = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token");
const codes = new Codes(at("codes"), at("code"));
const player = new Player(at("play"), at("now"));
let state = null;
let timer = 0;
// Counts commands, as they go and as they are answered: a state that was asked for before is an old one.
let commands = 0;

function url(path, values = {}) {
  const query = new URLSearchParams(token ? { ...values, token } : values).toString();
  return query ? `${path}?${query}` : path;
}

function problem(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

// The state after a command, or null: then the reason is shown.
async function send(path, body, values) {
  let reply;
  commands += 1;
  try {
    const response = await fetch(url(path, values), { method: "POST", body });
    reply = await response.json();
    commands += 1;
    if (!response.ok) throw new Error(reply.error);
  } catch (error) {
    problem(error instanceof TypeError ? "The program does not answer." : error.message);
    return null;
  }
  problem("");
  show(reply);
  return reply;
}

async function poll() {
  clearTimeout(timer);
  const asked = commands;
  try {
    const response = await fetch(url("/state"));
    const reply = await response.json();
    if (!response.ok) throw new Error(reply.error);
    if (asked === commands) show(reply);
  } catch (error) {
    problem(error instanceof TypeError ? "The program does not answer; trying again." : error.message);
  }
  timer = setTimeout(poll, state?.busy ? FAST_MS : SLOW_MS);
}

function show(now) {
  const before = state;
  state = now;
  at("model").textContent = now.model;
  at("window").textContent = `sees ${now.seconds} s at a time, ${now.codes} codes`;
  if (!before) first(now);
  const clip = now.clip;
  at("clip").textContent = clip ? `${clip.name}, ${clip.seconds} s${clip.columns ? "" : ", silent"}` : "No film is loaded.";
  at("drop").hidden = !clip;
  if (clip?.name !== before?.clip?.name || clip?.seconds !== before?.clip?.seconds) picture("sheet", clip && url("/sheet.jpg", { of: Date.now() }));
  at("prime").disabled = !clip?.columns;
  if (!clip?.columns) at("prime").checked = false;
  at("sample").disabled = now.busy || (now.watches && !clip);
  at("cancel").disabled = !now.busy;
  at("progress").hidden = !now.busy;
  at("progress").max = now.total || 1;
  at("progress").value = now.done;
  at("status").textContent = now.busy ? `column ${now.done} of ${now.total || "?"}` : now.error || (now.sample ? "Done" : now.watches && !clip ? "Load a film first" : "Ready");
  at("save").disabled = now.busy || !now.sample;
  at("saved").textContent = now.saved ? `saved ${now.saved}, its picture and its codes` : "";
  if (now.sample?.number !== before?.sample?.number) sampled(now.sample);
}

/** As long as the film, as far as a sound may be. */
function usual(clip) {
  const { min, max } = at("seconds");
  return Math.min(Number(max), Math.max(Number(min), clip.seconds));
}

function first(now) {
  at("top_k").value = now.top_k;
  at("top_k").max = now.codes;
  at("seconds").value = now.clip ? usual(now.clip) : now.seconds;
  at("class-row").hidden = !now.classes.length;
  const free = now.needs_class ? [] : [new Option("the pictures decide", "")];
  at("class").replaceChildren(...free, ...now.classes.map((name) => new Option(name, name)));
}

function picture(id, source) {
  at(id).hidden = !source;
  if (source) at(id).src = source;
}

async function sampled(sample) {
  picture("mel", sample && url("/spectrogram.png", { of: sample.number }));
  document.querySelector(".empty").hidden = Boolean(sample);
  codes.show(sample?.codes ?? [], sample?.primed ?? 0);
  if (!sample) return;
  const bits = (sample.codes.length * sample.codes[0].length * sample.bits) / sample.seconds / 1000;
  at("rate").textContent = `${sample.codes.length} x ${sample.codes[0].length}, ${bits.toFixed(2)} kbit/s`;
  const response = await fetch(url("/sound.wav", { of: sample.number }));
  await player.load(await response.arrayBuffer());
}

at("film").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  at("status").textContent = `loading ${file.name}`;
  const reply = await send("/clip", file, { name: file.name });
  event.target.value = "";
  if (reply?.clip) at("seconds").value = usual(reply.clip);
});
at("wish").addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = (id) => Number(at(id).value);
  const wish = { temperature: number("temperature"), top_k: number("top_k"), seed: number("seed"), seconds: number("seconds"), prime: at("prime").checked };
  if (state?.classes.length) wish.class = at("class").value;
  player.stop();
  await send("/sample", JSON.stringify(wish));
  poll();
});
at("again").addEventListener("click", () => { at("seed").value = Math.floor(Math.random() * 2 ** 31); });
at("cancel").addEventListener("click", () => send("/cancel"));
at("drop").addEventListener("click", () => send("/drop"));
at("save").addEventListener("click", () => send("/save"));
poll();
