// One table of keys: what they do, and what the help says about them.

export class Keys {
  #dialog = document.getElementById("keys");
  #table;

  constructor({ controls, directions, overlay, picture }) {
    this.#table = [
      ["f", "F", "full screen", () => this.#fullScreen()],
      ["h", "H", "hide the controls, and bring them back", () => overlay.toggle()],
      [" ", "Space", "hold the picture of this page, and let it go", () => picture.hold()],
      ["1", "1", "mode follow: the sound that plays", () => controls.mode("follow")],
      ["2", "2", "mode tempo: oscillators in beats", () => controls.mode("tempo")],
      ["3", "3", "mode free: a calm walk", () => controls.mode("free")],
      ["p", "P", "crisp pixels or smooth", () => picture.toggleCrisp()],
      ["s", "S", "snapshot", () => controls.snapshot()],
      ["r", "R", "record, and stop", () => controls.record()],
      ["d", "D", "load the directions of the model", () => directions.load()],
      [null, "0, Delete", "set the direction that has the focus to 0"],
      ["?", "?", "this list", () => this.#dialog.showModal()],
    ];
    addEventListener("keydown", (event) => this.#pressed(event));
    document.getElementById("full").onclick = () => this.#fullScreen();
    document.getElementById("stage").ondblclick = () => this.#fullScreen();
    document.getElementById("help").onclick = () => this.#dialog.showModal();
    this.#write();
  }

  #pressed(event) {
    const key = event.key.toLowerCase();
    const row = this.#table.find(([one]) => one === key);
    if (!row || event.repeat || event.ctrlKey || event.metaKey || event.altKey || this.#taken(event.target, key)) return;
    event.preventDefault();
    row[3]();
  }

  // A control that has the focus takes its own keys first.
  #taken(target, key) {
    if (this.#dialog.open) return true;
    return target.matches("input[type=text], select") || (key === " " && target.matches("button, input"));
  }

  #fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }

  #write() {
    const words = this.#table.map(([, key, text]) => [
      Object.assign(document.createElement("dt"), { textContent: key }),
      Object.assign(document.createElement("dd"), { textContent: text }),
    ]);
    this.#dialog.querySelector("dl").append(...words.flat());
  }
}
