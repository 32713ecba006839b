// The projector's window: it does what the page says that has opened it, and reports what it shows.

export const CHANNEL = "hallu.screen";

export class Screen {
  #channel = new BroadcastChannel(CHANNEL);
  #canvas;

  constructor(canvas) {
    this.#canvas = canvas;
    document.title = "hallu: projector";
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    addEventListener("pagehide", () => this.#channel.postMessage({ gone: true }));
    // Keys of this window change it too.
    addEventListener("keyup", () => this.#report());
    this.#report();
  }

  #heard({ toggle, close, ask }) {
    if (close) return window.close();
    if (toggle === "held") this.#canvas.hold();
    else if (toggle) this.#canvas.toggle(toggle);
    if (toggle || ask) this.#report();
    return undefined;
  }

  #report() {
    this.#channel.postMessage({ state: this.#canvas.state });
  }
}
