// Other programs that show the images: one button for each; what cannot be used here says why.

export class Outputs {
  #ask;
  #place = document.getElementById("outputs");

  constructor(ask) {
    this.#ask = ask;
  }

  show(state) {
    const outputs = Object.entries(state.outputs ?? {});
    this.#place.hidden = !outputs.length;
    const list = this.#place.querySelector("ul");
    while (list.children.length > outputs.length) list.lastChild.remove();
    while (list.children.length < outputs.length) list.append(row());
    outputs.forEach(([name, what], place) => this.#write(list.children[place], name, what));
  }

  #write(row, name, what) {
    const [button, reason] = row.children;
    button.textContent = name;
    button.setAttribute("aria-pressed", what === "on");
    button.onclick = () => this.#ask("/image/output", { sink: name, what: what === "on" ? "off" : "on" });
    reason.textContent = what === "on" || what === "off" ? "" : what;
  }
}

function row() {
  const [item, button, reason] = ["li", "button", "span"].map((name) => document.createElement(name));
  button.type = "button";
  item.append(button, reason);
  return item;
}
