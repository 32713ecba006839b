// The panel with all controls, the sound, sessions, the stage and MIDI: one tab for each.

const OPEN = "hallu.tab";

export class More {
  #place = document.getElementById("more");
  #button = document.getElementById("open");
  #tabs = [...document.querySelectorAll("#tabs [role=tab]")];
  #opened;
  #images = true;

  // `opened`: by the id of a tab's panel, what to call when it is shown.
  constructor(opened) {
    this.#opened = opened;
    this.#button.onclick = () => this.toggle();
    this.#tabs.forEach((tab) => {
      tab.onclick = () => this.#choose(tab);
      tab.onkeydown = (event) => this.#step(event, tab);
    });
    this.#choose(document.getElementById(localStorage.getItem(OPEN)) ?? this.#tabs[0], false);
  }

  // Without images the sound is all that there is.
  show({ images = true }) {
    if (images === this.#images) return;
    this.#images = images;
    document.body.classList.toggle("imageless", !images);
    document.getElementById("empty").textContent = images ? "Waiting for the first image" : "This server shows no images";
    if (images || !this.#place.hidden) return;
    this.#choose(document.getElementById("tab-sound"), false);
    this.toggle();
  }

  toggle() {
    const open = this.#place.hidden;
    this.#place.hidden = !open;
    document.body.classList.toggle("more", open);
    this.#button.setAttribute("aria-expanded", open);
    if (!open) return this.#button.focus();
    const chosen = this.#tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    chosen.focus();
    this.#opened[chosen.getAttribute("aria-controls")]?.();
  }

  #choose(chosen, open = true) {
    for (const tab of this.#tabs) {
      const id = tab.getAttribute("aria-controls");
      tab.setAttribute("aria-selected", tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      document.getElementById(id).hidden = tab !== chosen;
    }
    localStorage.setItem(OPEN, chosen.id);
    if (open) this.#opened[chosen.getAttribute("aria-controls")]?.();
  }

  // Arrows go from tab to tab.
  #step(event, tab) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = this.#tabs[(this.#tabs.indexOf(tab) + step + this.#tabs.length) % this.#tabs.length];
    next.focus();
    this.#choose(next);
  }
}
