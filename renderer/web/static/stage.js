// Black, fades, tap tempo, and the projector's window.

import { CHANNEL } from "./screen.js";

const SECONDS = "hallu.fade";
const [SHORTEST_S, LONGEST_S, USUAL_S] = [0.5, 30, 4];
// A pause this long begins a new tempo.
const PAUSE_MS = 2000;
const TAPS = 8;
const [SLOWEST, FASTEST] = [20, 400];

export class Stage {
  #ask;
  #taps = [];
  #level = 1;
  #channel = new BroadcastChannel(CHANNEL);
  #window = null;
  #black = document.getElementById("black");
  #fade = document.getElementById("fade");
  #seconds = document.getElementById("seconds");
  #screen = document.getElementById("screen");
  #switches = [...document.querySelectorAll("[data-screen]")];

  constructor(ask) {
    this.#ask = ask;
    document.getElementById("tap").onclick = () => this.tap();
    this.#black.onclick = () => this.black();
    this.#fade.onclick = () => this.fade();
    [this.#seconds.min, this.#seconds.max] = [SHORTEST_S, LONGEST_S];
    this.#seconds.value = localStorage.getItem(SECONDS) ?? USUAL_S;
    this.#seconds.oninput = () => this.#write();
    this.#screen.onclick = () => this.#toggle();
    for (const one of this.#switches) one.onclick = () => this.#channel.postMessage({ toggle: one.dataset.screen });
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    this.#channel.postMessage({ ask: true });
    this.#write();
  }

  show(state) {
    const [level] = state.values?.["/image/fade"] ?? [1];
    this.#level = level;
    this.#black.setAttribute("aria-pressed", level === 0);
    this.#fade.textContent = level === 0 ? "Fade in" : "Fade out";
  }

  black() {
    return this.#ask("/image/fade", { level: this.#level === 0 ? 1 : 0 });
  }

  fade() {
    return this.#ask("/image/fade", { level: this.#level === 0 ? 1 : 0, seconds: Number(this.#seconds.value) });
  }

  // The mean of the last taps, from the second on.
  tap() {
    const now = performance.now();
    if (now - (this.#taps.at(-1) ?? -Infinity) > PAUSE_MS) this.#taps = [];
    this.#taps = [...this.#taps, now].slice(-TAPS);
    if (this.#taps.length < 2) return undefined;
    const beat = (now - this.#taps[0]) / (this.#taps.length - 1);
    const value = Math.min(FASTEST, Math.max(SLOWEST, Math.round(600_000 / beat) / 10));
    return this.#ask("/image/bpm", { value });
  }

  #write() {
    const seconds = Number(this.#seconds.value);
    this.#seconds.parentElement.querySelector("output").value = `${seconds} s`;
    localStorage.setItem(SECONDS, seconds);
  }

  // A browser opens a window only in answer to a click.
  #toggle() {
    if (this.#screen.dataset.open) return this.#channel.postMessage({ close: true });
    const search = new URLSearchParams(location.search);
    search.set("screen", "");
    this.#window = window.open(`/?${search}`, "hallu.screen", "popup,width=800,height=800");
    return this.#window?.focus();
  }

  #heard({ state, gone }) {
    if (!state && !gone) return;
    this.#screen.textContent = state ? "Close the window" : "Open a window";
    this.#screen.dataset.open = state ? "yes" : "";
    for (const one of this.#switches) {
      one.disabled = !state;
      one.setAttribute("aria-pressed", Boolean(state?.[one.dataset.screen]));
    }
  }
}
