// Puts the parts of the page together: the link brings pictures and news, each part shows its share.

import { Classes } from "./classes.js";
import { Controls } from "./controls.js";
import { Directions } from "./directions.js";
import { Keys } from "./keys.js";
import { Link } from "./link.js";
import { Notice } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Picture } from "./picture.js";
import { Playing } from "./playing.js";

const plain = new URLSearchParams(location.search).has("plain");
const link = new Link();
const notice = new Notice();
const overlay = new Overlay(plain);
const picture = new Picture((watching) => link.watch(watching));

// What goes wrong is said where the player looks, in the renderer's own words.
async function ask(address, values) {
  const error = await link.ask(address, values);
  if (error) notice.error(error);
  return error;
}

const [controls, directions] = [new Controls(ask), new Directions(ask)];
const parts = [controls, directions, new Classes(ask), new Playing()];
new Keys({ controls, directions, overlay, picture });

const state = {};

function show() {
  for (const part of parts) part.show(state);
}

link.onpicture = (blob) => picture.show(blob);
link.onstatus = (changed, first) => {
  if (changed.saved && !first) notice.say(`saved ${changed.saved}`);
  Object.assign(state, changed);
  show();
  document.title = state.model ? `${state.model} - hallu` : "hallu";
};
link.onconnection = (text, there) => {
  notice.link(text);
  if (there) return;
  // What moved, moves no more.
  Object.assign(state, { fps: null, playing: null, busy: false, recording: false, finding: null });
  show();
};
link.open();
