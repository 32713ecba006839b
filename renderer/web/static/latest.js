// Sends the values of a slider: the newest one as soon as the one before was answered, and none in between.

const SETTLE_MS = 400;

export class Latest {
  #ask;
  #next = null;
  #asking = false;
  #touched = -Infinity;

  // `ask` sends a value and resolves to "" or to the reason why it was refused.
  constructor(ask) {
    this.#ask = ask;
  }

  // Whether the slider is ahead of the renderer's status.
  get ahead() {
    return this.#asking || performance.now() - this.#touched < SETTLE_MS;
  }

  put(value) {
    this.#touched = performance.now();
    this.#next = value;
    if (!this.#asking) this.#send();
  }

  async #send() {
    this.#asking = true;
    while (this.#next !== null) {
      const value = this.#next;
      this.#next = null;
      // Refused: show the renderer's value again.
      if (await this.#ask(value)) this.#touched = -Infinity;
    }
    this.#asking = false;
  }
}
