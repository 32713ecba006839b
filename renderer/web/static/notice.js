// Short messages: errors, what was saved, whether the renderer is connected.

const ERROR_MS = 8000;
const INFO_MS = 4000;

export class Notice {
  #line = document.getElementById("notice");
  #link = document.getElementById("link");
  #timer = 0;

  error(text) {
    this.#show(text, true, ERROR_MS);
  }

  info(text) {
    this.#show(text, false, INFO_MS);
  }

  // "" while connected.
  connection(text) {
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
