// What leaves the page: a volume like that of the patches, and a limiter that holds -1 dBFS.

const CEILING = 10 ** (-1 / 20);
const THRESHOLD_DB = -2;
const RATIO = 20;
// A compressor makes louder what it leaves alone (Web Audio API, "makeup gain"): taken back here.
const MAKEUP_DB = -0.6 * THRESHOLD_DB * (1 - 1 / RATIO);

// The factor of a volume from 0 to 1: in the middle sounds are as they come, at 1 they are 12 dB louder.
export function factor(volume) {
  return 4 * volume ** 2;
}

// A gain that leads to the loudspeakers.
export function output(context) {
  const gain = new GainNode(context);
  gain
    .connect(new DynamicsCompressorNode(context, { threshold: THRESHOLD_DB, knee: 0, ratio: RATIO, attack: 0, release: 0.15 }))
    .connect(new GainNode(context, { gain: 10 ** (-MAKEUP_DB / 20) }))
    .connect(new WaveShaperNode(context, { curve: clip() }))
    .connect(context.destination);
  return gain;
}

// A straight line that ends at the ceiling, for what is too short for the compressor.
function clip() {
  return Float32Array.from({ length: 4001 }, (_, place) => Math.max(-CEILING, Math.min(CEILING, place / 2000 - 1)));
}
