// MIDI: any fader, knob or key of a controller moves a control of this page. What is learned stays in the browser.

const KEPT = "hallu.midi";
const [NOTE_OFF, NOTE_ON, CONTROL] = [0x80, 0x90, 0xb0];
const LEARNABLE = "input[type=range], input[type=number], select, button";
// The panel of this part itself.
const OWN = "#midi, #tabs, #open";

export class Midi {
  #notice;
  #sound;
  #learned = read();
  #learning = false;
  #target = null;
  #enable = document.getElementById("enable");
  #learn = document.getElementById("learn");
  #list = document.getElementById("learned");
  #ports = document.getElementById("ports");
  #file = document.getElementById("file");

  constructor(notice, sound) {
    [this.#notice, this.#sound] = [notice, sound];
    this.#enable.onclick = () => this.#start();
    this.#learn.onclick = () => this.#toggle();
    document.getElementById("export").onclick = () => this.#export();
    document.getElementById("import").onclick = () => this.#file.click();
    this.#file.onchange = () => this.#import();
    for (const kind of ["pointerdown", "focusin"]) addEventListener(kind, (event) => this.#point(event.target), true);
    // While something is learned, a click chooses a control and does nothing else.
    addEventListener("click", (event) => this.#learning && controlOf(event.target) && (event.preventDefault(), event.stopPropagation()), true);
    this.#write();
  }

  async #start() {
    if (!navigator.requestMIDIAccess) {
      const why = isSecureContext ? "this browser has no MIDI" : "browsers allow MIDI only on this machine, or with https";
      return this.#notice.error(why);
    }
    try {
      const access = await navigator.requestMIDIAccess();
      access.onstatechange = () => this.#connect(access);
      this.#connect(access);
      this.#enable.disabled = true;
      this.#learn.disabled = false;
    } catch (error) {
      this.#notice.error(`MIDI cannot be used here: ${error.message}`);
    }
    return undefined;
  }

  #connect(access) {
    const inputs = [...access.inputs.values()];
    for (const input of inputs) input.onmidimessage = ({ data }) => this.#take(data);
    this.#ports.textContent = inputs.map((input) => input.name).join(", ") || "No MIDI controller is connected.";
  }

  #toggle() {
    this.#learning = !this.#learning;
    this.#mark(null);
    document.body.classList.toggle("learning", this.#learning);
    this.#learn.setAttribute("aria-pressed", this.#learning);
    if (this.#learning) this.#notice.info("choose a control, then move a fader or press a key of the controller");
  }

  #point(place) {
    const control = this.#learning ? controlOf(place) : null;
    if (control) this.#mark(control);
  }

  #mark(control) {
    this.#target?.classList.remove("taught");
    this.#target = control;
    control?.classList.add("taught");
  }

  #take([status, number, value]) {
    const [kind, channel] = [status & 0xf0, (status & 0x0f) + 1];
    const pressed = kind === NOTE_ON && value > 0;
    if (kind !== CONTROL && !pressed) return undefined;
    const name = `${channel} ${kind === CONTROL ? "control" : "note"} ${number}`;
    if (this.#learning && this.#target) return this.#teach(name);
    const control = find(this.#learned[name]);
    if (control) return move(control, value / 127);
    // A key that nobody has learned plays a note.
    return pressed && !this.#learned[name] ? this.#sound.note(number, value) : undefined;
  }

  #teach(name) {
    this.#learned[name] = keyOf(this.#target);
    this.#notice.info(`${this.#learned[name]} follows ${name}`);
    this.#mark(null);
    this.#keep();
  }

  #keep() {
    localStorage.setItem(KEPT, JSON.stringify(this.#learned));
    this.#write();
  }

  #write() {
    this.#list.replaceChildren(...Object.entries(this.#learned).map(([name, key]) => this.#row(name, key)));
  }

  #row(name, key) {
    const row = document.createElement("li");
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "\u00d7" });
    remove.setAttribute("aria-label", `Forget channel ${name}`);
    remove.onclick = () => {
      delete this.#learned[name];
      this.#keep();
    };
    row.append(Object.assign(document.createElement("span"), { textContent: `channel ${name}: ${key}` }), remove);
    return row;
  }

  #export() {
    const file = new Blob([JSON.stringify(this.#learned, null, 1)], { type: "application/json" });
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "hallu-midi.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async #import() {
    const [file] = this.#file.files;
    this.#file.value = "";
    try {
      this.#learned = checked(JSON.parse(await file.text()));
      this.#keep();
    } catch (error) {
      this.#notice.error(`${file?.name}: ${error.message}`);
    }
  }
}

function read() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEPT) ?? "{}"));
  } catch {
    return {};
  }
}

function checked(learned) {
  const rows = learned && typeof learned === "object" ? Object.entries(learned) : [["", null]];
  const right = ([name, key]) => /^\d{1,2} (control|note) \d{1,3}$/.test(name) && typeof key === "string";
  if (rows.length > 512 || !rows.every(right)) throw new Error("this is not a file of learned controls");
  return Object.fromEntries(rows);
}

function controlOf(place) {
  const control = place instanceof Element ? place.closest(LEARNABLE) : null;
  return control && !control.closest(OWN) ? control : null;
}

// What a control is called: the same after a restart.
function keyOf(control) {
  return control.dataset.key ?? (control.id || control.getAttribute("aria-label") || control.textContent.trim());
}

function find(key) {
  return key === undefined ? undefined : [...document.querySelectorAll(LEARNABLE)].find((control) => keyOf(control) === key);
}

// To a part of its range, 0..1; a button is pressed.
function move(control, part) {
  if (control.disabled) return;
  if (control.matches("button")) {
    if (part >= 0.5) control.click();
    return;
  }
  if (control.matches("select")) {
    const place = Math.min(control.options.length - 1, Math.floor(part * control.options.length));
    if (control.selectedIndex === place) return;
    control.selectedIndex = place;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  } else {
    const [low, high] = [Number(control.min), Number(control.max || 127)];
    control.value = low + part * (high - low);
  }
  control.dispatchEvent(new Event("input", { bubbles: true }));
}
