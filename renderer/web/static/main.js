// Puts the parts of the page together: the link delivers frames and status, and each part shows some of it.

import { Bends } from "./bends.js";
import { Canvas } from "./canvas.js";
import { Classes } from "./classes.js";
import { Controls } from "./controls.js";
import { Directions } from "./directions.js";
import { Keys } from "./keys.js";
import { Link } from "./link.js";
import { Notice } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Outputs } from "./outputs.js";
import { Playing } from "./playing.js";

const plain = new URLSearchParams(location.search).has("plain");
const link = new Link();
const notice = new Notice();
const overlay = new Overlay(plain);
const canvas = new Canvas((watching) => link.watch(watching));

// Errors are shown in the renderer's own words.
async function ask(address, values) {
  const error = await link.ask(address, values);
  if (error) notice.error(error);
  return error;
}

const [controls, directions] = [new Controls(ask), new Directions(ask)];
const parts = [controls, directions, new Classes(ask), new Bends(ask), new Outputs(ask), new Playing()];
new Keys({ controls, directions, overlay, canvas });

const state = {};

function show() {
  for (const part of parts) part.show(state);
}

link.onframe = (blob) => canvas.show(blob);
link.onstatus = (changed, first) => {
  if (changed.problem && !first) notice.error(changed.problem);
  if (changed.saved && !first) notice.info(`saved ${changed.saved}`);
  Object.assign(state, changed);
  show();
  document.title = state.model ? `${state.model} - hallu` : "hallu";
};
link.onconnection = (text, connected) => {
  notice.connection(text);
  if (connected) return;
  // Without a renderer nothing moves.
  Object.assign(state, { fps: null, playing: null, busy: false, recording: false, search_progress: null });
  show();
};
link.open();
