// Puts the parts of the page together: the link delivers frames and status, and each part shows some of it.

import { Bends } from "./bends.js";
import { Canvas } from "./canvas.js";
import { Classes } from "./classes.js";
import { Conditions } from "./conditions.js";
import { Controls } from "./controls.js";
import { Directions } from "./directions.js";
import { Forms } from "./forms.js";
import { Keys } from "./keys.js";
import { Link } from "./link.js";
import { Midi } from "./midi.js";
import { More } from "./more.js";
import { Notice } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Outputs } from "./outputs.js";
import { Playing, shownName } from "./playing.js";
import { Screen } from "./screen.js";
import { Sessions } from "./sessions.js";
import { Sound } from "./sound.js";
import { Stage } from "./stage.js";
import { Stream } from "./stream.js";

const search = new URLSearchParams(location.search);
// The projector's window is as bare as ?plain, and is controlled from the page that has opened it.
const projector = search.has("screen");
const plain = search.has("plain") || projector;
const link = new Link();
const notice = new Notice();
const overlay = new Overlay(plain);
const canvas = new Canvas((watching) => link.watch(watching), projector ? "hallu.screen" : "hallu");

// Errors are shown in the renderer's own words.
async function ask(address, values) {
  const error = await link.ask(address, values);
  if (error) notice.error(error);
  return error;
}

// A stream plays, whatever asked for it.
async function request(address, values, onprogress) {
  const playing = address === "/sound/stream" || address === "/sound/image_loop" ? stream.begin(values.target) : null;
  const answer = await link.request(address, values, onprogress, (reply) => playing?.add(reply));
  playing?.end();
  if (answer.error) notice.error(answer.error);
  return answer;
}

if (projector) new Screen(canvas);
const stage = new Stage(ask);
const sound = new Sound(request);
const stream = new Stream(request, (address, values) => link.request(address, values), sound);
const forms = new Forms(request, sound);
const sessions = new Sessions(request, notice);
const more = new More({ all: () => forms.open(), sessions: () => sessions.open() });
new Midi(notice, sound);
const [controls, directions] = [new Controls(ask), new Directions(ask)];
const parts = [controls, directions, new Classes(ask), new Bends(ask), new Outputs(ask), new Playing()];
parts.push(stage, sound, new Conditions(request), stream, forms, more);
new Keys({ controls, directions, overlay, canvas, stage, more });

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
  if (!projector) document.title = state.model || state.images === false ? `${shownName(state)} - hallu` : "hallu";
};
link.onconnection = (text, connected) => {
  notice.connection(text);
  if (connected) return;
  // Without a renderer nothing moves.
  Object.assign(state, { fps: null, playing: null, busy: false, recording: false, search_progress: null });
  show();
};
link.open();
