// The renderer's status: model, frame rate, recording, and the sound that plays, whose position advances by itself.

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// The image model; without images the sound model.
export function shownName(state) {
  if (state.images === false) return state.values?.["/sound/load"]?.[0] || "no sound model is loaded";
  return state.model || "no image model is loaded";
}

export class Playing {
  #parts = Object.fromEntries(
    ["name", "busy", "rate", "recording", "light", "target", "position", "time"].map((id) => [id, document.getElementById(id)]),
  );
  #playing = null;
  #since = 0;

  constructor() {
    this.#move();
  }

  show(state) {
    const { name, busy, rate, recording, light, target } = this.#parts;
    name.textContent = shownName(state);
    busy.hidden = !state.busy;
    recording.hidden = light.hidden = !state.recording;
    rate.textContent = Number.isFinite(state.fps) ? this.#rate(state) : "";
    if (state.playing !== this.#playing) [this.#playing, this.#since] = [state.playing ?? null, performance.now()];
    document.body.classList.toggle("silent", !this.#playing);
    target.textContent = this.#playing ? this.#playing.target : "Nothing is playing";
  }

  #rate({ fps, dropped, preview }) {
    return `${fps.toFixed(1)} fps${preview ? ", half size" : ""}${dropped ? `, ${dropped} dropped` : ""}`;
  }

  #move() {
    const { position, time } = this.#parts;
    // A duration of 0 means unknown.
    const { position_s: start = 0, duration_s: end = 0 } = this.#playing ?? {};
    const now = this.#playing ? Math.min(end || Infinity, start + (performance.now() - this.#since) / 1000) : 0;
    position.firstElementChild.style.transform = `scaleX(${end > 0 ? now / end : 0})`;
    position.setAttribute("aria-valuemax", end.toFixed(1));
    position.setAttribute("aria-valuenow", now.toFixed(1));
    time.textContent = this.#playing ? clock(now) + (end > 0 ? ` / ${clock(end)}` : "") : "";
    requestAnimationFrame(() => this.#move());
  }
}
