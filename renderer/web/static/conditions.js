// The kind of note, for models that were trained with more than the pitch: what is set, whoever set it.

const ANY = "any";

export class Conditions {
  #request;
  #shown = "";
  #place = document.getElementById("kinds");

  constructor(request) {
    this.#request = request;
  }

  show(state) {
    const shown = JSON.stringify(state.conditions ?? {});
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#place.replaceChildren(...Object.entries(state.conditions ?? {}).map(([name, { values, set }]) => this.#row(name, values, set)));
  }

  #row(name, values, set) {
    const row = Object.assign(document.createElement("label"), { className: "row" });
    const select = document.createElement("select");
    // Several that other clients have set are one more choice.
    const chosen = set.length ? set.join(" ") : ANY;
    const names = [ANY, ...(set.length > 1 ? [chosen] : []), ...values];
    select.append(...names.map((one) => new Option(one, one)));
    select.value = chosen;
    select.setAttribute("aria-label", `Kind of note: ${name}`);
    select.dataset.condition = name;
    select.onchange = () => this.#set(select, name);
    row.append(Object.assign(document.createElement("span"), { textContent: name }), select);
    return row;
  }

  async #set(select, name) {
    const before = JSON.parse(this.#shown)[name].set;
    const value = select.value === ANY ? [] : select.value.split(" ");
    const { error } = await this.#request("/sound/condition", { name, value });
    if (error) select.value = before.length ? before.join(" ") : ANY;
  }
}
