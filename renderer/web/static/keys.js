// The table of keys: what they do, and their help texts.

export class Keys {
  #dialog = document.getElementById("keys");
  #table;

  constructor({ controls, directions, overlay, canvas, stage, more }) {
    this.#table = [
      ["f", "F", "full screen", () => this.#fullScreen()],
      ["h", "H", "hide or show the controls", () => overlay.toggle()],
      [" ", "Space", "freeze or unfreeze the image on this page", () => canvas.hold()],
      ["1", "1", "mode follow: the sound that plays", () => controls.mode("follow")],
      ["2", "2", "mode tempo: oscillators in beats", () => controls.mode("tempo")],
      ["3", "3", "mode free: slow motion of its own", () => controls.mode("free")],
      ["p", "P", "crisp or smooth pixels", () => canvas.toggle("crisp")],
      ["c", "C", "fill the window, or show the whole image", () => canvas.toggle("cover")],
      ["m", "M", "mirror the image", () => canvas.toggle("mirror")],
      ["b", "B", "black at once, or the image again", () => stage.black()],
      ["v", "V", "fade to black, or back", () => stage.fade()],
      ["t", "T", "tap the tempo", () => stage.tap()],
      ["a", "A", "all controls, the sound, sessions, projector, MIDI", () => more.toggle()],
      ["s", "S", "snapshot", () => controls.snapshot()],
      ["r", "R", "start or stop recording", () => controls.record()],
      ["d", "D", "load the directions of the model", () => directions.load()],
      [null, "0, Delete", "set the focused direction to 0"],
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

  // The focused control takes its own keys first.
  #taken(target, key) {
    if (this.#dialog.open) return true;
    return target.matches("input[type=text], input[type=search], input[type=number], select") || (key === " " && target.matches("button, input"));
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
