// The grid of codes: a colour for each, low bands at the bottom, as in the spectrogram. Arrow keys read them out.

const CELL = 12;

export class Codes {
  #canvas;
  #text;
  #grid = [];
  #primed = 0;
  #place = [0, 0];

  constructor(canvas, text) {
    this.#canvas = canvas;
    this.#text = text;
    canvas.addEventListener("mousemove", (event) => this.#point(event));
    canvas.addEventListener("keydown", (event) => this.#move(event));
  }

  show(grid, primed) {
    this.#grid = grid;
    this.#primed = primed;
    const rows = grid.length;
    const columns = rows ? grid[0].length : 0;
    const canvas = this.#canvas;
    canvas.width = Math.max(1, columns * CELL);
    canvas.height = Math.max(1, rows * CELL);
    canvas.ariaLabel = rows ? `Codes, ${rows} rows and ${columns} columns${primed ? `, the first ${primed} columns given` : ""}` : "No codes yet";
    const context = canvas.getContext("2d");
    grid.forEach((row, line) => row.forEach((code, column) => {
      const turn = (code * 137.508) % 360;
      context.fillStyle = `hsl(${turn} ${column < primed ? 25 : 65}% ${35 + 20 * ((code * 7) % 3) / 2}%)`;
      context.fillRect(column * CELL, (rows - 1 - line) * CELL, CELL - 1, CELL - 1);
    }));
    this.#text.textContent = "";
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.x) / box.width) * (this.#grid[0]?.length ?? 0));
    const row = this.#grid.length - 1 - Math.floor(((event.clientY - box.y) / box.height) * this.#grid.length);
    this.#say(row, column);
  }

  #move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] }[event.key];
    if (!step || !this.#grid.length) return;
    event.preventDefault();
    const [row, column] = this.#place;
    this.#say(Math.min(this.#grid.length - 1, Math.max(0, row + step[0])), Math.min(this.#grid[0].length - 1, Math.max(0, column + step[1])));
  }

  #say(row, column) {
    const code = this.#grid[row]?.[column];
    if (code === undefined) return;
    this.#place = [row, column];
    this.#text.textContent = `row ${row + 1}, column ${column + 1}: code ${code}${column < this.#primed ? ", given" : ""}`;
  }
}
