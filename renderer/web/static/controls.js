// Model, mode, dials, recording: each sends one command and shows the renderer's status.

import { Latest } from "./latest.js";

export class Controls {
  #ask;
  #state = {};
  #model = document.getElementById("model");
  #modes = [...document.querySelectorAll("[data-mode]")];
  #dials = [];
  #shown = null;

  constructor(ask) {
    this.#ask = ask;
    this.#dials = [...document.querySelectorAll("[data-dial]")].map((range) => new Dial(range, ask));
    this.#model.onchange = () => this.#load(this.#model.value);
    for (const button of this.#modes) button.onclick = () => this.mode(button.dataset.mode);
    document.getElementById("record").onclick = () => this.record();
    document.getElementById("snapshot").onclick = () => this.snapshot();
  }

  mode(name) {
    return this.#ask("/image/mode", { name });
  }

  record() {
    return this.#ask("/image/record", { what: this.#state.recording ? "stop" : "start", file: null });
  }

  snapshot() {
    return this.#ask("/image/snapshot", { file: null });
  }

  show(state) {
    this.#state = state;
    for (const button of this.#modes) button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
    for (const dial of this.#dials) dial.show(state);
    this.#showModels(state.models ?? [], state.model ?? "");
    const record = document.getElementById("record");
    record.setAttribute("aria-pressed", Boolean(state.recording));
    record.textContent = state.recording ? "Stop" : "Record";
  }

  async #load(name) {
    if (await this.#ask("/image/load", { name })) this.#model.value = this.#state.model;
  }

  #showModels(names, model) {
    const all = names.includes(model) || !model ? names : [model, ...names];
    const shown = [...this.#model.options].map((option) => option.value);
    const wanted = model ? all : ["", ...all];
    if (shown.join("\n") !== wanted.join("\n")) {
      this.#model.replaceChildren(...wanted.map((name) => new Option(name || "none is loaded", name)));
      this.#shown = null;
    }
    // Only when the renderer has another model, so that it does not jump while somebody chooses.
    if (this.#shown !== model) this.#model.value = model;
    this.#shown = model;
  }
}

// A slider; its range is that of the command table, as the status reports it.
class Dial {
  #range;
  #output;
  #latest;
  #name;

  constructor(range, ask) {
    [this.#range, this.#name] = [range, range.dataset.dial];
    this.#latest = new Latest((value) => ask(`/image/${this.#name}`, { value }));
    this.#output = range.parentElement.querySelector("output");
    range.disabled = true;
    range.oninput = () => this.#turn();
  }

  show(state) {
    const value = state[this.#name];
    this.#range.disabled = value === undefined;
    const [low, high] = state.ranges?.[this.#name] ?? [];
    if (low !== undefined) [this.#range.min, this.#range.max] = [low, high];
    if (value === undefined || this.#latest.ahead) return;
    this.#range.value = value;
    this.#write();
  }

  #turn() {
    this.#write();
    this.#latest.put(Number(this.#range.value));
  }

  #write() {
    const value = Number(this.#range.value);
    this.#output.value = this.#name === "bpm" ? value : value.toFixed(2);
  }
}
