// Sends what a hand moves: the newest value follows as soon as the one before was answered, and none in between.

const SETTLE_MS = 400;

export class Latest {
  #ask;
  #next = null;
  #asking = false;
  #touched = -Infinity;

  // `ask` sends a value and resolves to "" or to why it is refused.
  constructor(ask) {
    this.#ask = ask;
  }

  // Whether the hand is ahead of what the renderer says about itself.
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
      // Refused: what the renderer has is shown again.
      if (await this.#ask(value)) this.#touched = -Infinity;
    }
    this.#asking = false;
  }
}
