// All controls, built from the server's table of commands: a form for each, grouped, and found by a search.

import { Latest } from "./latest.js";

// A range wider than this is typed, not turned.
const WIDEST = 20_000;
const LONGEST = 400;
const LATER_MS = 500;
const GROUPS = { image: "Images", sound: "Sound", session: "Sessions", "": "Server" };

export class Forms {
  #request;
  #sound;
  #place = document.getElementById("forms");
  #sought = document.getElementById("sought");
  #forms = [];
  #state = {};
  #building = null;

  // `sound` plays what a command has rendered.
  constructor(request, sound) {
    [this.#request, this.#sound] = [request, sound];
    this.#sought.oninput = () => this.#seek();
  }

  // Build the forms, the first time.
  open() {
    this.#building ??= this.#build();
    return this.#building;
  }

  show(state) {
    this.#state = state;
    for (const form of this.#forms) form.show(state);
  }

  async #build() {
    const commands = await (await fetch("/commands.json")).json();
    const groups = new Map();
    for (const command of commands) {
      const [, first, second] = command.address.split("/");
      const name = second ? first : "";
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(new Form(command, this.#request, this.#sound));
    }
    for (const [name, forms] of [...groups].sort(([one], [other]) => order(one) - order(other))) {
      const place = document.createElement("details");
      place.append(Object.assign(document.createElement("summary"), { textContent: GROUPS[name] ?? name }), ...forms.map((form) => form.element));
      this.#place.append(place);
    }
    this.#forms = [...groups.values()].flat();
    this.show(this.#state);
  }

  #seek() {
    const words = this.#sought.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const form of this.#forms) form.element.hidden = !words.every((word) => form.text.includes(word));
    for (const group of this.#place.children) {
      const found = [...group.querySelectorAll("form")].some((form) => !form.hidden);
      group.hidden = !found;
      if (words.length && found) group.open = true;
    }
  }
}

function order(name) {
  return Object.keys(GROUPS).indexOf(name) >>> 0;
}

// One command: its fields, and what it answers.
class Form {
  #command;
  #request;
  #sound;
  #fields;
  #reply = document.createElement("output");
  #latest = null;
  #shown = "";
  #later = 0;

  constructor(command, request, sound) {
    [this.#command, this.#request, this.#sound] = [command, request, sound];
    this.#fields = command.args.map((arg) => new Field(command.address, arg));
    if (command.group.length) this.#fields.push(new Group(command.address, command.group, command.min_groups));
    this.text = `${command.address} ${command.help}`.toLowerCase();
    this.element = this.#element();
    // What is one or two numbers, and can be read, is set while it is turned.
    const turned = command.readable && !command.group.length && command.args.every((arg) => arg.kind !== "name" || arg.choices.length);
    if (turned) this.#latest = new Latest((values) => this.#ask(values));
    this.element.oninput = () => this.#latest?.put(this.#values());
  }

  show(state) {
    const value = this.#command.readable ? state.values?.[this.#command.address] : undefined;
    const choices = state.choices?.[this.#command.address] ?? {};
    const shown = JSON.stringify([value, choices]);
    if (shown === this.#shown) return;
    if (this.#busy) {
      clearTimeout(this.#later);
      this.#later = setTimeout(() => this.show(state), LATER_MS);
      return;
    }
    this.#shown = shown;
    for (const field of this.#fields) field.choose(choices[field.name] ?? []);
    if (value === undefined) return;
    this.#fields.forEach((field, place) => field.show(field.rest ? value.slice(place) : value[place]));
  }

  // Whether somebody turns or types here.
  get #busy() {
    const typing = document.activeElement.matches("input:not([type=range])") && this.element.contains(document.activeElement);
    return typing || Boolean(this.#latest?.ahead);
  }

  #values() {
    return Object.assign({}, ...this.#fields.map((field) => field.values));
  }

  async #ask(values) {
    const { error, replies } = await this.#request(this.#command.address, values, (done, total) => {
      this.#reply.value = `${done} of ${total}`;
    });
    const text = error || replies.map((row) => row.map(rounded).join(" ")).join("\n") || "done";
    this.#reply.value = text.length > LONGEST ? `${text.slice(0, LONGEST)} ...` : text;
    this.#reply.classList.toggle("error", Boolean(error));
    await this.#sound.play(replies);
    return error;
  }

  #element() {
    const form = document.createElement("form");
    const [head, name, send, help] = ["header", "code", "button", "p"].map((tag) => document.createElement(tag));
    [name.textContent, help.textContent, help.className] = [this.#command.address, this.#command.help, "hint"];
    Object.assign(send, { type: "submit", textContent: "Send" });
    send.setAttribute("aria-label", `Send ${this.#command.address}`);
    head.append(name, send);
    form.append(head, help, ...this.#fields.map((field) => field.element), this.#reply);
    form.noValidate = true;
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#ask(this.#values());
    };
    return form;
  }
}

// One argument: a slider with its number, a choice, a number, or a text.
class Field {
  #arg;
  #control;
  #output = document.createElement("output");

  constructor(address, arg) {
    this.#arg = arg;
    this.name = arg.name;
    this.rest = false;
    this.element = document.createElement("label");
    this.element.className = "dial";
    this.#control = control(arg);
    this.#control.dataset.key = `${address} ${arg.name}`;
    this.#control.setAttribute("aria-label", `${address} ${arg.name}`);
    this.#control.title = arg.help;
    const label = Object.assign(document.createElement("span"), { textContent: arg.unit ? `${arg.name}, ${arg.unit}` : arg.name });
    this.element.append(label, this.#output, this.#control);
    this.element.addEventListener("input", () => this.#write());
    this.#write();
  }

  get values() {
    const { kind, name } = this.#arg;
    const text = this.#control.value;
    if (text === "") return { [name]: null };
    return { [name]: kind === "name" ? text : Number(text) };
  }

  // The names that there are now for an argument that is one of them.
  choose(names) {
    if (!names.length || this.#arg.choices.length) return;
    const before = this.#control.value;
    const made = select(this.#arg, names);
    for (const name of ["aria-label", "title", "data-key"]) made.setAttribute(name, this.#control.getAttribute(name));
    this.#control.replaceWith(made);
    this.#control = made;
    if (before) this.show(before);
  }

  show(value) {
    if (value !== undefined) this.#control.value = value;
    this.#write();
  }

  #write() {
    this.#output.value = this.#control.type === "range" ? rounded(Number(this.#control.value)) : "";
  }
}

// Arguments that repeat: typed one after the other.
class Group {
  #names;
  #kinds;
  #input = document.createElement("input");

  constructor(address, args, least) {
    this.name = "";
    this.rest = true;
    [this.#names, this.#kinds] = [args.map((arg) => arg.name), args.map((arg) => arg.kind)];
    this.element = document.createElement("label");
    this.element.className = "dial";
    const label = `${this.#names.join(" ")}${least ? "" : ", or none"}; separated by spaces`;
    Object.assign(this.#input, { type: "text", autocomplete: "off", spellcheck: false, title: args.map((arg) => `${arg.name}: ${arg.help}`).join("\n") });
    this.#input.dataset.key = `${address} ${this.#names.join(" ")}`;
    this.#input.setAttribute("aria-label", `${address} ${this.#names.join(" ")}`);
    this.element.append(Object.assign(document.createElement("span"), { textContent: label }), this.#input);
  }

  get values() {
    const words = this.#input.value.split(/\s+/).filter(Boolean);
    const columns = this.#names.map((name, place) => [name, words.filter((_, at) => at % this.#names.length === place)]);
    return Object.fromEntries(columns.map(([name, column], place) => [name, this.#kinds[place] === "name" ? column : column.map(Number)]));
  }

  choose() {}

  show(values) {
    this.#input.value = (values ?? []).map(rounded).join(" ");
  }
}

function control(arg) {
  if (arg.choices.length) return select(arg, arg.choices);
  const input = Object.assign(document.createElement("input"), { autocomplete: "off", spellcheck: false });
  const [low, high] = [arg.low, arg.high];
  if (arg.kind === "name") {
    input.type = "text";
  } else {
    // Without a value of its own, an argument may stay empty, which a slider cannot.
    const turned = low !== undefined && high !== undefined && high - low <= WIDEST && (!arg.optional || arg.default !== undefined);
    input.type = turned ? "range" : "number";
    input.step = arg.kind === "int" ? 1 : turned ? step(high - low) : "any";
    if (low !== undefined) input.min = low;
    if (high !== undefined) input.max = high;
    if (turned) input.value = arg.default ?? Math.max(low, Math.min(high, 0));
  }
  if (arg.optional) input.placeholder = arg.otherwise || `${arg.default ?? ""}`;
  return input;
}

function select(arg, names) {
  const made = document.createElement("select");
  made.append(...(arg.optional ? [new Option(arg.otherwise || "as it is", "")] : []), ...names.map((name) => new Option(name, name)));
  return made;
}

// A hundred to a thousand steps, of a round number.
function step(span) {
  return 10 ** (Math.floor(Math.log10(span)) - 2);
}

function rounded(value) {
  return typeof value === "number" ? String(Number(value.toFixed(3))) : value;
}
