// Shows the controls while somebody uses them, and hides them otherwise.

const QUIET_MS = 4000;
// Keys that leave hidden controls hidden: a snapshot or a recording must not put anything over the image.
const SILENT_KEYS = ["h", "s", "r"];

export class Overlay {
  #overlay = document.getElementById("overlay");
  #timer = 0;
  #off = false;
  #focus = null;

  // `plain`: always hidden, for OBS.
  constructor(plain) {
    this.#off = plain;
    document.body.classList.toggle("plain", plain);
    for (const kind of ["pointermove", "pointerdown", "wheel", "input"]) addEventListener(kind, () => this.#stir());
    // Before the key has its effect, so that the focus is restored first.
    addEventListener("keydown", (event) => SILENT_KEYS.includes(event.key.toLowerCase()) || this.#stir(), true);
    this.#stir();
    if (plain) this.#hide();
  }

  // H: hidden until H is pressed again, whatever the mouse does.
  toggle() {
    this.#off = !this.#off;
    if (this.#off) this.#hide();
    else this.#stir();
  }

  #stir() {
    if (this.#off) return;
    const hidden = document.body.classList.contains("bare");
    document.body.classList.remove("bare");
    if (hidden) this.#focus?.focus({ preventScroll: true });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), QUIET_MS);
  }

  #rest() {
    // Not while the mouse is on a panel, or a dialog is open.
    if (this.#overlay.querySelector(".panel:hover") || document.querySelector("dialog[open]")) return this.#stir();
    this.#hide();
  }

  #hide() {
    clearTimeout(this.#timer);
    const focus = document.activeElement;
    this.#focus = this.#overlay.contains(focus) ? focus : null;
    // A hidden control must not take keys.
    this.#focus?.blur();
    document.body.classList.add("bare");
  }
}
