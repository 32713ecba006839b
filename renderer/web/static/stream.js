// Hallucinations without an end: their segments are played one after the other, sample by sample, and steered.

import { Latest } from "./latest.js";
import { output } from "./limiter.js";
import { SLOT, nameOf, shownPitch } from "./sound.js";

const COMMAND = "/sound/stream";
const REPORT_MS = 100;
// What is there before it plays, and before it goes on after it had run out.
const [AHEAD_S, AGAIN_S] = [0.15, 0.3];
// On a slow line.
const LONGEST_LEAD_S = 3;

export class Stream {
  #request;
  #quietly;
  #sound;
  #target = "";
  #stopping = false;
  #pitches = "";
  #button = document.getElementById("stream");
  #onward = document.getElementById("onward");
  #inputs = [...document.querySelectorAll("[data-stream]")];

  // `quietly` asks as `request` does, and shows no error.
  constructor(request, quietly, sound) {
    [this.#request, this.#quietly, this.#sound] = [request, quietly, sound];
    this.#button.onclick = () => (this.#target ? this.#stop() : this.#start());
    this.#onward.onclick = () => this.#go();
    for (const input of this.#inputs) this.#steer(input);
    this.#limit();
  }

  show(state) {
    this.#button.disabled = !state.pitches?.length && !this.#target;
    const pitches = state.pitches ?? [];
    if (pitches.join() === this.#pitches) return;
    this.#pitches = pitches.join();
    const select = this.#inputs.find((input) => input.matches("select"));
    select.replaceChildren(...pitches.map((pitch) => new Option(`${nameOf(pitch)} (${pitch})`, pitch)));
    select.value = shownPitch(pitches);
  }

  // What plays the segments of a sound without an end that somebody asks for.
  begin(target) {
    return new Player(this.#quietly, this.#sound, target);
  }

  async #start() {
    this.#target = `stream-${Math.random().toString(36).slice(2, 6)}`;
    this.#show();
    const { wander, ...values } = Object.fromEntries(this.#inputs.map((input) => [input.dataset.stream, Number(input.value)]));
    const ended = this.#request(COMMAND, { target: this.#target, start_trim: 0, ...values, slot: [] });
    if (wander < 1) this.#set("wander", wander);
    await ended;
    [this.#target, this.#stopping] = ["", false];
    this.#show();
  }

  #stop() {
    this.#stopping = true;
    this.#show();
    return this.#request("/sound/stream_stop", { target: this.#target });
  }

  async #go() {
    const target = this.#target;
    const { error } = await this.#request("/sound/randomize_z", { slot: [SLOT] });
    if (!error) await this.#request("/sound/stream_add", { target, slot: [SLOT] });
  }

  async #set(name, value) {
    if (!this.#target || this.#stopping) return "";
    return (await this.#request("/sound/stream_set", { target: this.#target, name, value: [String(value)] })).error;
  }

  #steer(input) {
    const latest = new Latest((value) => this.#set(input.dataset.stream, value));
    const output = input.parentElement.querySelector("output");
    const write = () => output && (output.value = Number(input.value).toFixed(input.step === "1" ? 0 : 2));
    input.addEventListener("input", () => {
      write();
      latest.put(Number(input.value));
    });
    write();
  }

  // Within the server's table; what is longer than a slider has room for is set in All.
  async #limit() {
    const sliders = this.#inputs.filter((one) => one.matches("input"));
    for (const input of sliders) input.max = input.dataset.room;
    const commands = await (await fetch("/commands.json")).json();
    const { args } = commands.find(({ address }) => address === COMMAND);
    for (const input of sliders) {
      const arg = args.find(({ name }) => name === input.dataset.stream);
      if (arg) [input.min, input.max] = [arg.low ?? 0, Math.min(arg.high ?? Infinity, input.max)];
    }
  }

  #show() {
    this.#button.textContent = this.#stopping ? "Ending" : this.#target ? "Stop the stream" : "Stream";
    this.#button.setAttribute("aria-pressed", Boolean(this.#target));
    this.#button.disabled = this.#stopping;
    this.#onward.disabled = !this.#target || this.#stopping;
    document.getElementById("streamed").textContent = this.#target ? `Settings of ${this.#target}` : "Settings of the stream";
  }
}

// One stream: a clock of its own at the stream's rate, so that segments meet sample by sample.
class Player {
  #request;
  #sound;
  #target;
  #context = null;
  #gain = null;
  #begun = null;
  #end = 0;
  #reporting = false;
  #trips = 0;
  #waited = 0;
  #order = Promise.resolve();
  #timer;

  constructor(request, sound, target) {
    [this.#request, this.#sound, this.#target] = [request, sound, target];
    this.#timer = setInterval(() => this.#report(), REPORT_MS);
  }

  // A segment: [address, target, index, path, frames, rate, first frame].
  add(reply) {
    const [, , , path, , rate, first] = reply;
    // Fetched at once, for on a slow line each takes longer than it sounds.
    const fetched = this.#fetch(path, rate);
    this.#order = this.#order.then(async () => this.#play(await fetched, first / rate));
  }

  // No more comes: what is there is played to its end.
  async end() {
    clearInterval(this.#timer);
    await this.#order;
    if (!this.#context) return;
    setTimeout(() => this.#close(), 1000 * Math.max(0, this.#end - this.#context.currentTime + AGAIN_S));
  }

  // The samples of a segment; null if they are not there any longer.
  async #fetch(path, rate) {
    this.#context ??= this.#open(rate);
    try {
      await this.#context.resume();
      const answer = await fetch(`/${path}${location.search}`);
      return answer.ok ? await this.#context.decodeAudioData(await answer.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }

  #play(buffer, begin) {
    if (!buffer) return;
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#gain);
    const now = this.#context.currentTime;
    this.#begun ??= this.#sample(now + AHEAD_S);
    const late = now - (this.#begun + begin);
    // It had run out: it goes on a little later, and nothing is left out.
    if (late > 0) {
      this.#begun = this.#sample(this.#begun + late + AGAIN_S);
      this.#waited += late;
    }
    source.start(this.#begun + begin);
    this.#end = this.#begun + begin + buffer.duration;
  }

  // The nearest sample.
  #sample(seconds) {
    return Math.round(seconds * this.#context.sampleRate) / this.#context.sampleRate;
  }

  #open(sampleRate) {
    const context = new AudioContext({ sampleRate });
    this.#gain = output(context);
    this.#sound.follow(this.#gain);
    return context;
  }

  #close() {
    this.#sound.leave(this.#gain);
    this.#context.close();
  }

  // Only the newest position counts: none is asked for while another one is on its way.
  async #report() {
    if (this.#reporting) return;
    this.#reporting = true;
    const played = this.#begun === null ? 0 : Math.max(0, this.#context.currentTime - this.#begun);
    const asked = performance.now();
    await this.#request("/sound/stream_position", { target: this.#target, seconds: played + this.#lead });
    // The report goes there and the segment comes here, and is fetched: two round trips, in which it plays on.
    this.#trips = (2 * (performance.now() - asked)) / 1000;
    this.#reporting = false;
  }

  // How far beyond what plays now the server is asked to be.
  get #lead() {
    return this.#begun === null ? 0 : Math.min(LONGEST_LEAD_S, this.#trips + this.#waited);
  }
}
