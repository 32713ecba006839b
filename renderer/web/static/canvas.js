// The frame: drawn as large as the window allows, with crisp or smooth pixels, frozen on demand.

const CRISP = "hallu.crisp";

export class Canvas {
  #canvas = document.getElementById("picture");
  #button = document.getElementById("crisp");
  #watch;
  #held = false;

  constructor(watch) {
    this.#watch = watch;
    this.#button.onclick = () => this.toggleCrisp();
    this.#setCrisp(localStorage.getItem(CRISP) === "yes");
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

  toggleCrisp() {
    this.#setCrisp(!document.body.classList.contains("crisp"));
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

  #setCrisp(crisp) {
    document.body.classList.toggle("crisp", crisp);
    this.#button.setAttribute("aria-pressed", crisp);
    localStorage.setItem(CRISP, crisp ? "yes" : "no");
  }
}
