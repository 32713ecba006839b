// The sound from the page: a model, notes, hallucinations, played here. Patches and other clients play on as they do.

import { factor, output } from "./limiter.js";

export const SLOT = "page";
const NAMES = ["C", "C\u266f", "D", "D\u266f", "E", "F", "F\u266f", "G", "G\u266f", "A", "A\u266f", "B"];
// As many keys as a screen has room for.
const KEYS = 24;
const MIDDLE = 60;
const VOLUME = 0.5;
// The velocity at which a note is as loud as everything else, here and in the patches.
const VELOCITY = 100;
const TO_VELOCITY = (127 / VELOCITY) ** 2;

export class Sound {
  #request;
  #state = {};
  #context = null;
  #gain = null;
  #playing = new Map();
  #followers = new Set();
  #filled = false;
  #shown = "";
  #count = 0;
  #piano = document.getElementById("piano");
  #voice = document.getElementById("voice");
  #volume = document.getElementById("volume");
  #made = document.getElementById("made");

  constructor(request) {
    this.#request = request;
    this.#voice.onchange = () => this.#load(this.#voice.value);
    document.getElementById("timbre").onclick = () => this.#fill();
    document.getElementById("silence").onclick = () => this.silence();
    document.getElementById("hallucinate").onclick = () => this.#hallucinate();
    [this.#volume.min, this.#volume.max, this.#volume.value] = [0, 1, VOLUME];
    this.#volume.oninput = () => this.#turn();
    this.#turn();
    this.#limit();
  }

  show(state) {
    this.#state = state;
    const names = state.choices?.["/sound/load"]?.checkpoint ?? [];
    const [model = ""] = state.values?.["/sound/load"] ?? [];
    const shown = JSON.stringify([names, model, state.pitches, state.server]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const wanted = model && !names.includes(model) ? [model, ...names] : names;
    this.#voice.replaceChildren(...(model ? [] : [new Option("none is loaded", "")]), ...wanted.map((name) => new Option(name, name)));
    this.#voice.value = model;
    this.#keys(state.pitches ?? []);
    for (const id of ["timbre", "hallucinate"]) document.getElementById(id).disabled = !model;
  }

  // Play a note of the slot, 1..127 loud.
  async note(pitch, velocity = VELOCITY) {
    if (!(this.#state.pitches ?? []).includes(pitch)) return;
    if (!this.#filled) await this.#fill();
    const target = this.#target();
    const { replies } = await this.#request("/sound/note", { target, slot: SLOT, pitch, velocity });
    await this.play(replies, TO_VELOCITY);
  }

  // Play the sounds that these replies name, so many times as loud as they are.
  async play(replies, gain = 1) {
    for (const [, target, path] of replies.filter(([address]) => address === "/sound/audio")) await this.#start(target, path, gain);
  }

  // A gain that is turned with the volume, until it leaves.
  follow(gain) {
    this.#followers.add(gain);
    this.#turn();
  }

  leave(gain) {
    this.#followers.delete(gain);
  }

  silence() {
    for (const source of this.#playing.values()) source.stop();
    return this.#request("/sound/stop", {});
  }

  // The numbers of a hallucination have the ranges of the server's table.
  async #limit() {
    const commands = await (await fetch("/commands.json")).json();
    const { args } = commands.find(({ address }) => address === "/sound/hallucinate");
    for (const input of document.querySelectorAll("#sound [data-arg]")) {
      const { low, high } = args.find(({ name }) => name === input.dataset.arg);
      [input.min, input.max] = [low, high];
    }
  }

  async #load(checkpoint) {
    const { error } = await this.#request("/sound/load", { checkpoint });
    if (error) this.#voice.value = this.#state.values?.["/sound/load"]?.[0] ?? "";
    // Another model may need another latent size.
    this.#filled = false;
  }

  async #fill() {
    const { error } = await this.#request("/sound/randomize_z", { slot: [SLOT] });
    this.#filled = !error;
  }

  async #hallucinate() {
    const button = document.getElementById("hallucinate");
    button.disabled = this.#made.hidden = true;
    const values = { target: this.#target(), notes: count("points"), steps: count("steps") };
    const { replies } = await this.#request("/sound/hallucinate", values, (done, total) => {
      [this.#made.hidden, this.#made.max, this.#made.value] = [false, total, done];
    });
    button.disabled = false;
    this.#made.hidden = true;
    await this.play(replies);
  }

  #target() {
    this.#count = (this.#count + 1) % 16;
    return `${SLOT}${this.#count}`;
  }

  async #start(target, path, gain) {
    this.#context ??= new AudioContext();
    if (!this.#gain) {
      this.#gain = output(this.#context);
      this.#turn();
    }
    await this.#context.resume();
    const answer = await fetch(`/${path}${location.search}`);
    if (!answer.ok) return;
    const buffer = await this.#context.decodeAudioData(await answer.arrayBuffer());
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(new GainNode(this.#context, { gain })).connect(this.#gain);
    this.#playing.set(target, source);
    source.onended = () => this.#ended(target, source);
    source.start();
    // So that the images follow.
    await this.#request("/sound/play", { target });
  }

  #ended(target, source) {
    if (this.#playing.get(target) !== source) return;
    this.#playing.delete(target);
    this.#request("/sound/stop", { target });
  }

  #turn() {
    const value = Number(this.#volume.value);
    this.#volume.parentElement.querySelector("output").value = value.toFixed(2);
    for (const gain of [this.#gain, ...this.#followers]) if (gain) gain.gain.value = factor(value);
  }

  #keys(pitches) {
    const start = Math.max(0, pitches.findIndex((pitch) => pitch >= MIDDLE - KEYS / 2));
    const shown = pitches.slice(Math.min(start, Math.max(0, pitches.length - KEYS)), start + KEYS);
    this.#piano.replaceChildren(...shown.map((pitch, place) => this.#key(pitch, place)));
  }

  #key(pitch, place) {
    const name = nameOf(pitch);
    const key = Object.assign(document.createElement("button"), { type: "button", textContent: name, tabIndex: place ? -1 : 0 });
    key.setAttribute("aria-label", `Note ${name}`);
    key.classList.toggle("sharp", name.includes("\u266f"));
    key.onclick = () => this.note(pitch);
    key.onkeydown = (event) => step(event, key);
    return key;
  }
}

export function nameOf(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

// The pitch of the model's that is nearest to the middle of a piano.
export function shownPitch(pitches) {
  return pitches.reduce((best, pitch) => (Math.abs(pitch - MIDDLE) < Math.abs(best - MIDDLE) ? pitch : best), pitches[0] ?? MIDDLE);
}

// Arrows go from key to key, and one of them is reached with Tab.
function step(event, key) {
  const next = { ArrowRight: key.nextElementSibling, ArrowLeft: key.previousElementSibling }[event.key];
  if (!next) return;
  event.preventDefault();
  [key.tabIndex, next.tabIndex] = [-1, 0];
  next.focus();
}

function count(id) {
  return Number(document.getElementById(id).value);
}
