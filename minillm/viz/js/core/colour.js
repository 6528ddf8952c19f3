// Colour maps as lookup tables of 256 packed pixels, from the same stops as Python's.

function stopsToColours(stops) {
  const parsed = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (parsed.length - 1);
    const low = Math.min(Math.floor(at), parsed.length - 2);
    return parsed[low].map((c, k) => Math.floor(c + (parsed[low + 1][k] - c) * (at - low) + 0.5));
  });
}

// Little-endian RGBA, the order ImageData wants.
const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

function colourMap(stops) {
  const colours = stopsToColours(stops);
  const pixels = Uint32Array.from(colours, pixel);
  return { colours, pixels, css: colours.map(css), inks: colours.map(inkOn) };
}

// Black or white, whichever reads better on a colour: at least 4.5 to 1 on any.
function inkOn(colour) {
  const [r, g, b] = colour.map((c) => (c <= 10 ? c / 3295 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

// The same map fading to a pale grey as strength goes from 1 to 0: a head that scores low
// steps back, its pattern still to be seen.
function faded(map, strength, paper) {
  return Uint32Array.from(map.colours, (colour) => {
    const mean = (colour[0] + colour[1] + colour[2]) / 3;
    const grey = paper + (mean - paper) * 0.55;
    return pixel(colour.map((c) => Math.round(grey + (c - grey) * strength)));
  });
}

const FADES = 8; // steps of strength, from faded to full
const MAPS = {};
function maps(theme) {
  if (!MAPS[theme]) {
    const [weights, signed] = ["weights", "signed"].map((name) => colourMap(PALETTE[theme][name]));
    const paper = theme === "dark" ? 0x1a : 0xff;
    const fades = Array.from({ length: FADES + 1 }, (_, i) => faded(weights, i / FADES, paper));
    MAPS[theme] = { weights, signed, fades };
  }
  return MAPS[theme];
}

// One colour a head where several are drawn at once (Okabe and Ito's, told apart by the colour-blind).
const HEAD_COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
