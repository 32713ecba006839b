// The frame: drawn as large as the window allows, whole or cropped, with crisp or smooth pixels, frozen on demand.

// What is kept in the browser: pixels and fit.
const KEPT = ["crisp", "cover"];

export class Canvas {
  #canvas = document.getElementById("picture");
  #watch;
  #held = false;

  constructor(watch) {
    this.#watch = watch;
    for (const name of KEPT) {
      document.getElementById(name).onclick = () => this.toggle(name);
      this.#set(name, localStorage.getItem(`hallu.${name}`) === "yes");
    }
    document.addEventListener("visibilitychange", () => this.#report());
  }

  // Resolves when the frame is on the canvas, so that the next one is not requested sooner.
  async show(blob) {
    const bitmap = await createImageBitmap(blob);
    if (!this.#held) this.#draw(bitmap);
    bitmap.close();
  }

  hold() {
    this.#held = !this.#held;
    document.getElementById("held").hidden = !this.#held;
    this.#report();
  }

  // "crisp": pixels are squares; "cover": the image fills the window and is cropped.
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
    localStorage.setItem(`hallu.${name}`, on ? "yes" : "no");
  }
}
