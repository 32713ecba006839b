// Plays a sound, and moves a line over its spectrogram meanwhile.

export class Player {
  #button;
  #line;
  #context = null;
  #buffer = null;
  #source = null;
  #began = 0;

  constructor(button, line) {
    this.#button = button;
    this.#line = line;
    button.addEventListener("click", () => (this.#source ? this.stop() : this.play()));
  }

  get playing() {
    return Boolean(this.#source);
  }

  async load(bytes) {
    this.stop();
    // Decoding needs no permission to play, which only a click gives.
    this.#buffer = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes);
    this.#button.disabled = false;
  }

  async play() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.#source = new AudioBufferSourceNode(this.#context, { buffer: this.#buffer });
    this.#source.connect(this.#context.destination);
    this.#source.onended = () => this.stop();
    this.#source.start();
    this.#began = this.#context.currentTime;
    this.#button.textContent = "Stop";
    this.#line.hidden = false;
    this.#move();
  }

  stop() {
    if (!this.#source) return;
    this.#source.onended = null;
    this.#source.stop();
    this.#source = null;
    this.#button.textContent = "Play";
    this.#line.hidden = true;
  }

  #move() {
    if (!this.#source) return;
    const part = Math.min(1, (this.#context.currentTime - this.#began) / this.#buffer.duration);
    this.#line.style.left = `${100 * part}%`;
    requestAnimationFrame(() => this.#move());
  }
}
