// Sentences that come and go: errors, what was saved, whether the renderer is there.

const ERROR_MS = 8000;
const SAID_MS = 4000;

export class Notice {
  #line = document.getElementById("notice");
  #link = document.getElementById("link");
  #timer = 0;

  error(text) {
    this.#show(text, true, ERROR_MS);
  }

  say(text) {
    this.#show(text, false, SAID_MS);
  }

  // "" when all is well.
  link(text) {
    this.#link.textContent = text;
    this.#link.hidden = !text;
  }

  #show(text, error, time) {
    this.#line.textContent = text;
    this.#line.classList.toggle("error", error);
    this.#line.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#line.hidden = true), time);
  }
}
