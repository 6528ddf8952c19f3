// Numbers to pixels, places for ticks, and numbers as people write them.

function makeScale([low, high], [from, to], log) {
  const f = log ? Math.log : (v) => v;
  const [a, b] = [f(low), f(high)];
  const slope = (to - from) / (b - a || 1);
  return {
    low,
    high,
    log,
    at: (value) => from + (f(value) - a) * slope,
    back: (pixel) => (log ? Math.exp(a + (pixel - from) / slope) : a + (pixel - from) / slope),
  };
}

function ticksOf({ low, high, log }, most) {
  if (log && high / low > 10) return logTicks(low, high, most);
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.85);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

// Powers of ten, with 2 and 5 between them where there is room.
function logTicks(low, high, most) {
  const out = [];
  const decades = Math.log10(high / low);
  const between = decades * 3 <= most ? [1, 2, 5] : [1];
  const every = Math.ceil(decades / most);
  for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k += every) {
    out.push(...between.map((n) => n * 10 ** k));
  }
  return out.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

const minus = (text) => text.replace(/-/g, "−");

// 5.120, 0.0312, 1.2e−5, 12,400
function number(value) {
  const size = Math.abs(value);
  if (size >= 1000) return minus(whole(value));
  if (size >= 1) return minus(value.toFixed(size >= 100 ? 1 : 3));
  return minus(size >= 0.001 ? value.toPrecision(3) : size ? value.toExponential(1) : "0");
}

// Short enough for an axis: 1.5, 200, 10K, 2M.
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
const tickText = (value) =>
  minus(value && Math.abs(value) < 0.001 ? value.toExponential(0) : COMPACT.format(value));

const whole = (value) => Math.round(value).toLocaleString("en");
