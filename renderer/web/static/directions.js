// The strip of directions: a fader for each of the first 16, with their names; and the search for directions.

import { Latest } from "./latest.js";

const MOST_FADERS = 16;
const REACH = 4;
const RESETS = ["Delete", "Backspace", "0"];

export class Directions {
  #ask;
  #latest;
  #strip = document.getElementById("directions");
  #faders = document.getElementById("faders");
  #find = document.getElementById("find");
  #edits = [];
  #shown = "";

  constructor(ask) {
    this.#ask = ask;
    this.#latest = new Latest((edit) => ask("/image/edits", { edit }));
    this.#find.onclick = () => this.load();
    document.getElementById("reset").onclick = () => this.#move(() => 0);
  }

  // Load the model's own, unless directions are loaded or a search is running.
  load() {
    if (this.#find.hidden || this.#find.disabled) return undefined;
    return this.#ask("/image/load_ganspace_components", { file: "auto" });
  }

  show(state) {
    const { components = "", direction_count: count = 0, directions: names = [], search_progress: progress, model = "" } = state;
    this.#find.hidden = !model || Boolean(components);
    this.#find.disabled = Number.isFinite(progress);
    this.#find.textContent = Number.isFinite(progress) ? `Finding directions, ${Math.floor(100 * progress)} %` : "Directions";
    this.#strip.hidden = !components;
    document.body.classList.toggle("directed", Boolean(components));
    this.#strip.title = components;
    const wanted = JSON.stringify([components, count, names]);
    if (this.#shown !== wanted) this.#build(Math.min(count, MOST_FADERS), names);
    this.#shown = wanted;
    if (this.#latest.ahead) return;
    this.#edits = state.edits ?? [];
    this.#write();
  }

  #build(count, names) {
    const faders = Array.from({ length: count }, (_, place) => this.#fader(place, names[place] || String(place + 1)));
    this.#faders.replaceChildren(...faders);
  }

  #fader(place, name) {
    const label = Object.assign(document.createElement("label"), { className: "fader", title: name });
    const range = Object.assign(document.createElement("input"), { type: "range", min: -REACH, max: REACH, step: 0.05 });
    range.setAttribute("aria-label", `Direction ${name}`);
    range.oninput = () => this.#move((edit, other) => (other === place ? Number(range.value) : edit));
    range.ondblclick = () => this.#reset(place);
    range.onkeydown = (event) => this.#key(event, place);
    const word = Object.assign(document.createElement("span"), { textContent: name });
    label.append(document.createElement("output"), range, word);
    return label;
  }

  #key(event, place) {
    if (!RESETS.includes(event.key)) return;
    event.preventDefault();
    this.#reset(place);
  }

  #reset(place) {
    this.#move((edit, other) => (other === place ? 0 : edit));
  }

  // All edits are sent together, also those beyond the faders.
  #move(change) {
    const length = Math.max(this.#edits.length, this.#faders.children.length);
    this.#edits = Array.from({ length }, (_, place) => change(this.#edits[place] ?? 0, place));
    this.#write();
    const last = this.#edits.findLastIndex((edit) => edit !== 0);
    this.#latest.put(this.#edits.slice(0, last + 1));
  }

  #write() {
    [...this.#faders.children].forEach((fader, place) => {
      const edit = this.#edits[place] ?? 0;
      fader.querySelector("input").value = edit;
      fader.querySelector("output").value = edit ? edit.toFixed(1) : "0";
      fader.classList.toggle("moved", edit !== 0);
    });
  }
}
