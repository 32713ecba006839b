// The classes that are shown, with their weights, and a search among all classes of the model.

const MOST_SHOWN = 40;

export class Classes {
  #ask;
  #state = {};
  #wanted = null;
  #chosen = document.getElementById("chosen");
  #search = document.getElementById("search");
  #matches = document.getElementById("matches");
  #found = [];
  #place = 0;

  constructor(ask) {
    this.#ask = ask;
    this.#search.oninput = () => this.#find();
    this.#search.onkeydown = (event) => this.#key(event);
    this.#search.onblur = () => this.#close();
    // On pointerdown: the search loses its focus before a click.
    this.#matches.onpointerdown = (event) => this.#pick(event);
    document.getElementById("default").onclick = () => this.#send([]);
  }

  show(state) {
    this.#state = state;
    const names = state.classes ?? [];
    const rows = [...this.#chosen.children];
    if (rows.map((row) => row.title).join("\n") !== names.join("\n")) {
      this.#chosen.replaceChildren(...names.map((name, place) => this.#row(name, place)));
    }
    this.#weigh(state.class_weights ?? []);
  }

  #row(name, place) {
    const row = document.createElement("li");
    row.title = name;
    const [word, share, weight] = ["word", "share", "weight"].map((kind) => {
      const part = document.createElement(kind === "weight" ? "div" : "span");
      part.className = kind;
      return part;
    });
    // Of "tench, Tinca tinca", the common name.
    word.textContent = name.split(",")[0];
    weight.append(document.createElement("i"));
    row.append(word, share, this.#remover(name, place), weight);
    return row;
  }

  #remover(name, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "\u00d7";
    button.setAttribute("aria-label", `Remove ${name}`);
    button.onclick = () => this.#send(this.#current().filter((_, other) => other !== place));
    return button;
  }

  // The largest weight fills its bar; the numbers are percentages of the sum.
  #weigh(weights) {
    const [most, all] = [Math.max(...weights, 1e-9), weights.reduce((sum, one) => sum + one, 0)];
    [...this.#chosen.children].forEach((row, place) => {
      const weight = Math.max(0, weights[place] ?? 0);
      row.querySelector("i").style.transform = `scaleX(${weight / most})`;
      row.querySelector(".share").textContent = all > 0 ? `${Math.round((100 * weight) / all)} %` : "";
    });
  }

  // Numbers where they are known, since names need not be unique.
  #current() {
    const { classes = [], class_ids: ids, class_names: all = [] } = this.#state;
    return this.#wanted ?? classes.map((name, place) => this.#number(name, ids?.[place], all));
  }

  #number(name, id, all) {
    const found = id ?? all.indexOf(name);
    return found >= 0 ? String(found) : name;
  }

  // Clicks before the answer build on each other.
  async #send(wanted) {
    this.#wanted = wanted;
    await this.#ask("/image/classes", { class: wanted });
    if (this.#wanted === wanted) this.#wanted = null;
  }

  #find() {
    const words = this.#search.value.trim().toLowerCase();
    const all = this.#state.class_names ?? [];
    const hits = all.map((name, number) => ({ name, number })).filter(({ name }) => name.toLowerCase().includes(words));
    const start = ({ name }) => (name.toLowerCase().startsWith(words) ? 0 : 1);
    this.#found = hits.sort((one, other) => start(one) - start(other)).slice(0, MOST_SHOWN);
    this.#place = 0;
    this.#list();
  }

  #list() {
    this.#matches.replaceChildren(...this.#found.map((hit, place) => this.#option(hit, place)));
    if (!this.#found.length) this.#matches.append(this.#none());
    this.#matches.hidden = false;
    this.#search.setAttribute("aria-expanded", "true");
    this.#search.setAttribute("aria-activedescendant", this.#found.length ? `match${this.#place}` : "");
    this.#matches.children[this.#place]?.scrollIntoView({ block: "nearest" });
  }

  #option({ name, number }, place) {
    const option = document.createElement("li");
    option.id = `match${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", place === this.#place);
    option.dataset.number = number;
    option.textContent = name;
    // Names need not be unique.
    option.append(Object.assign(document.createElement("small"), { textContent: number }));
    return option;
  }

  #none() {
    const line = document.createElement("li");
    line.className = "none";
    line.textContent = this.#state.class_names ? "no class of this model" : "press Enter to use this name";
    return line;
  }

  #key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      if (this.#matches.hidden) return this.#find();
      this.#place = Math.max(0, Math.min(this.#found.length - 1, this.#place + moves[event.key]));
      this.#list();
    } else if (event.key === "Enter") {
      this.#enter();
    } else if (event.key === "Escape") {
      this.#search.value = "";
      this.#close();
    }
  }

  #enter() {
    const hit = this.#matches.hidden ? undefined : this.#found[this.#place];
    const written = this.#search.value.trim();
    // A name that is not in the list is sent too: the renderer accepts it or says why not.
    if (hit || written) this.#add(hit ? String(hit.number) : written);
  }

  #pick(event) {
    const option = event.target.closest("[data-number]");
    event.preventDefault();
    if (option) this.#add(option.dataset.number);
  }

  #add(word) {
    this.#search.value = "";
    this.#close();
    this.#send([...this.#current(), word]);
  }

  #close() {
    this.#matches.hidden = true;
    this.#search.setAttribute("aria-expanded", "false");
    this.#search.removeAttribute("aria-activedescendant");
  }
}
