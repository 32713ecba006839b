// Noise, displacement, and the bends of layers: a row for each, with its layer, its transform and a fader.

import { Latest } from "./latest.js";

const MOST = 8;
// Ranges wider than this are turned in larger steps.
const COARSE = 10;

export class Bends {
  #ask;
  #state = {};
  #place = document.getElementById("bends");
  #rows = document.getElementById("bent");
  #add = document.getElementById("bend");
  #amounts = [];
  // Numbers of bends that are asked for and not answered yet.
  #asked = new Set();
  #shown = "";

  constructor(ask) {
    this.#ask = ask;
    this.#amounts = ["noise", "displace"].map((name) => new Amounts(name, ask));
    this.#add.onclick = () => this.#start();
  }

  show(state) {
    this.#state = state;
    const layers = state.bend_layers ?? [];
    this.#place.hidden = !layers.length;
    for (const amounts of this.#amounts) amounts.show(state);
    document.getElementById("noise").hidden = !state.noisy;
    const bends = state.bends ?? {};
    // A row is made again when its transform changes, since its fader has another range.
    const wanted = JSON.stringify([layers, Object.entries(bends).map(([number, [layer, transform]]) => [number, layer, transform])]);
    if (this.#shown !== wanted) this.#rows.replaceChildren(...Object.entries(bends).map(([number, bend]) => this.#row(number, bend)));
    this.#shown = wanted;
    for (const row of this.#rows.children) row.show(bends[row.dataset.number]);
    this.#add.disabled = Object.keys(bends).length >= MOST;
  }

  async #start() {
    const taken = [...Object.keys(this.#state.bends ?? {}).map(Number), ...this.#asked];
    const number = Array.from({ length: MOST }, (_, place) => place + 1).find((one) => !taken.includes(one));
    if (!number) return;
    const [transform, [, , amount]] = Object.entries(this.#state.transforms)[0];
    this.#asked.add(number);
    await this.#ask("/image/bend", { number, layer: this.#state.bend_layers.at(-1), transform, amount });
    this.#asked.delete(number);
  }

  #row(number, [layer, transform]) {
    const row = document.createElement("li");
    row.dataset.number = number;
    const transforms = this.#state.transforms;
    const layers = choice(`Layer of bend ${number}`, this.#state.bend_layers, layer);
    const kinds = choice(`Transform of bend ${number}`, Object.keys(transforms), transform);
    const [low, high, rest] = transforms[transform];
    const range = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step: high - low > COARSE ? 0.1 : 0.01 });
    range.setAttribute("aria-label", `Amount of bend ${number}`);
    const output = document.createElement("output");
    const latest = new Latest((amount) => this.#send(number, layers.value, kinds.value, amount));
    layers.onchange = () => this.#send(number, layers.value, kinds.value, Number(range.value));
    kinds.onchange = () => this.#send(number, layers.value, kinds.value, transforms[kinds.value][2]);
    range.oninput = () => [write(Number(range.value)), latest.put(Number(range.value))];
    range.ondblclick = () => [write(rest), latest.put(rest)];
    row.append(layers, kinds, this.#remover(number), range, output);
    row.show = (bend) => bend && !latest.ahead && write(bend[2]);
    function write(amount) {
      range.value = amount;
      output.value = amount.toFixed(2);
    }
    return row;
  }

  #remover(number) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "\u00d7" });
    button.setAttribute("aria-label", `Remove bend ${number}`);
    button.onclick = () => this.#ask("/image/bend", { number: Number(number) });
    return button;
  }

  #send(number, layer, transform, amount) {
    return this.#ask("/image/bend", { number: Number(number), layer, transform, amount });
  }
}

// Two faders that one command sets: an amount, and how fast or how fine.
class Amounts {
  #ranges;
  #keys;
  #latest;

  constructor(name, ask) {
    const place = document.getElementById(name);
    this.#ranges = [...place.querySelectorAll("input")];
    this.#keys = this.#ranges.map((range) => range.dataset.amount);
    const second = this.#ranges[1].dataset.value;
    this.#latest = new Latest(([amount, other]) => ask(`/image/${name}`, { amount, [second]: other }));
    for (const range of this.#ranges) range.oninput = () => this.#turn();
  }

  show(state) {
    this.#ranges.forEach((range, place) => {
      const [value, low, high] = state.amounts?.[this.#keys[place]] ?? [];
      range.disabled = value === undefined;
      if (value === undefined) return;
      [range.min, range.max] = [low, high];
      if (!this.#latest.ahead) range.value = value;
      range.parentElement.querySelector("output").value = Number(range.value).toFixed(2);
    });
  }

  #turn() {
    for (const range of this.#ranges) range.parentElement.querySelector("output").value = Number(range.value).toFixed(2);
    this.#latest.put(this.#ranges.map((range) => Number(range.value)));
  }
}

function choice(label, names, chosen) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  select.append(...names.map((name) => new Option(name, name)));
  select.value = chosen;
  return select;
}
