// Sessions: everything that is set, by name. Saved and recalled by the server.

const PART = "hallu.recalled";

export class Sessions {
  #request;
  #notice;
  #name = document.getElementById("session");
  #list = document.getElementById("saved");
  #part = document.getElementById("recalled");
  #names = [];

  constructor(request, notice) {
    [this.#request, this.#notice] = [request, notice];
    const kept = localStorage.getItem(PART);
    if ([...this.#part.options].some(({ value }) => value === kept)) this.#part.value = kept;
    this.#part.onchange = () => localStorage.setItem(PART, this.#part.value);
    document.getElementById("save").onsubmit = (event) => {
      event.preventDefault();
      this.#save(this.#name.value.trim());
    };
  }

  // Show what there is now.
  async open() {
    const { error, replies } = await this.#request("/session/list", {});
    if (error) return;
    const names = (replies.find(([address]) => address === "/session/names")?.slice(1) ?? []).map(String);
    // Buttons that stay may be pressed at this moment.
    if (names.join("/") === this.#names.join("/")) return;
    this.#names = names;
    this.#list.replaceChildren(...names.map((name) => this.#row(name)));
  }

  async #save(name) {
    const { error } = await this.#request("/session/save", { name });
    if (error) return;
    this.#name.value = "";
    this.#notice.info(`saved ${name}`);
    await this.open();
  }

  async #load(name) {
    const { error, replies } = await this.#request("/session/load", { name, part: this.#part.value });
    const missing = replies.filter(([address]) => address === "/session/missing").map(([, what, which]) => `${what} ${which}`);
    if (missing.length) this.#notice.error(`${name}: missing here: ${missing.join(", ")}; the rest is set`);
    else if (!error) this.#notice.info(`${name} is set`);
  }

  #row(name) {
    const row = document.createElement("li");
    const load = button(name, `Recall ${name}`, () => this.#load(name));
    const remove = button("\u00d7", `Delete ${name}`, () => this.#delete(remove, name));
    remove.className = "quiet";
    remove.onblur = () => this.#calm(remove, name);
    row.append(load, remove);
    return row;
  }

  // The second click deletes.
  async #delete(remove, name) {
    if (!remove.dataset.sure) {
      remove.dataset.sure = "yes";
      remove.textContent = "Delete";
      remove.setAttribute("aria-label", `Really delete ${name}`);
      return;
    }
    await this.#request("/session/delete", { name });
    await this.open();
  }

  #calm(remove, name) {
    delete remove.dataset.sure;
    remove.textContent = "\u00d7";
    remove.setAttribute("aria-label", `Delete ${name}`);
  }
}

function button(text, label, onclick) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, onclick });
  made.setAttribute("aria-label", label);
  return made;
}
