// The frame: drawn as large as the window allows, whole or cropped, mirrored, with crisp or smooth pixels, frozen on demand.

// What is kept in the browser: pixels, fit, and which way round.
const KEPT = ["crisp", "cover", "mirror"];

export class Canvas {
  #canvas = document.getElementById("picture");
  #watch;
  #place;
  #held = false;

  // `place`: where what is kept belongs, so that the projector's window has its own.
  constructor(watch, place = "hallu") {
    [this.#watch, this.#place] = [watch, place];
    for (const name of KEPT) {
      document.getElementById(name).onclick = () => this.toggle(name);
      this.#set(name, localStorage.getItem(`${this.#place}.${name}`) === "yes");
    }
    document.addEventListener("visibilitychange", () => this.#report());
  }

  // Resolves when the frame is on the canvas, so that the next one is not requested sooner.
  async show(blob) {
    const bitmap = await createImageBitmap(blob);
    if (!this.#held) this.#draw(bitmap);
    bitmap.close();
  }

  // What the window shows: { crisp, cover, mirror, held }.
  get state() {
    return { ...Object.fromEntries(KEPT.map((name) => [name, document.body.classList.contains(name)])), held: this.#held };
  }

  hold() {
    this.#held = !this.#held;
    document.getElementById("held").hidden = !this.#held;
    this.#report();
  }

  // "crisp": pixels are squares; "cover": the image fills the window and is cropped; "mirror": left is right.
  toggle(name) {
    this.#set(name, !document.body.classList.contains(name));
  }

  #draw(bitmap) {
    const canvas = this.#canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    }
    canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    document.body.classList.add("painted");
  }

  #report() {
    this.#watch(!this.#held && !document.hidden);
  }

  #set(name, on) {
    document.body.classList.toggle(name, on);
    document.getElementById(name).setAttribute("aria-pressed", on);
    localStorage.setItem(`${this.#place}.${name}`, on ? "yes" : "no");
  }
}
