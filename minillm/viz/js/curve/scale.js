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

// 5.12, 0.0312, 1.2e−5, 12,400
function number(value) {
  const size = Math.abs(value);
  let text;
  if (size === 0) return "0";
  if (size >= 1000) text = Math.round(value).toLocaleString("en");
  else if (size >= 100) text = value.toFixed(1);
  else if (size >= 1) text = value.toFixed(3);
  else if (size >= 0.001) text = value.toPrecision(3);
  else text = value.toExponential(1);
  return text.replace(/-/g, "−");
}

// Short enough for an axis: 1.5, 200, 10k, 2M.
function tickText(value) {
  const size = Math.abs(value);
  for (const [unit, name] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ]) {
    if (size >= unit * (unit > 1e3 ? 1 : 10))
      return `${Number((value / unit).toPrecision(4))}${name}`;
  }
  const text =
    size > 0 && size < 0.001 ? value.toExponential(0) : `${Number(value.toPrecision(4))}`;
  return text.replace("-", "−");
}

const whole = (value) => Math.round(value).toLocaleString("en");

// Seconds as people say them: 9.3 s, 12 min 5 s, 3 h 20 min.
function duration(seconds) {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
