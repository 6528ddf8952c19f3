// The matrix of one stage: readers down, what they read across, numbers in the cells.

const STAGES = ["scores", "scaled", "masked", "weights"];

function gridLayout(width, data) {
  const [T, S] = [data.readers.length, data.read.length];
  const left = 74;
  const cell = clamp(Math.floor((width - left - 20) / S), 18, 46);
  return { T, S, left, top: 62, cell, width: left + S * cell + 40, height: 62 + T * cell + 4 };
}

// The value of a cell at a stage, as the formula has it then.
function stageValue(data, stage, t, s) {
  if (stage === "weights") return data.weights[t][s];
  if (stage === "scores") return data.scores[t][s];
  return stage === "masked" && !data.mask[t][s] ? -Infinity : data.scaled[t][s];
}

const largest = (rows) => Math.max(1e-9, ...rows.flat().map(Math.abs));

// A number short enough for a cell.
function short(value, digits = 2) {
  if (value === -Infinity) return "−∞";
  const size = Math.abs(value);
  const text = size.toFixed(size >= 100 ? 0 : size >= 10 ? digits - 1 : digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}

// The colour of a number: weights on the scale of shares, others on the signed one.
function tone(map, stage, value, full) {
  if (stage === "weights") return map.weights.colours[encodeShare(value)];
  return map.signed.colours[Math.round(127.5 + 127.5 * clamp(value / full, -1, 1) * 0.85)];
}

function drawGrid(canvas, g, data, stage, focus, colours) {
  const context = fitCanvas(canvas, g.width, g.height);
  const map = maps(colours.theme);
  const full = stage === "scores" ? largest(data.scores) : largest(data.scaled);
  context.textBaseline = "middle";
  for (let t = 0; t < g.T; t++) {
    for (let s = 0; s < g.S; s++) {
      const value = stageValue(data, stage, t, s);
      const [x, y] = [g.left + s * g.cell, g.top + t * g.cell];
      const hidden = value === -Infinity || (stage === "weights" && !data.mask[t][s]);
      const colour = hidden ? null : tone(map, stage, value, full);
      context.fillStyle = hidden ? colours.wash : css(colour);
      context.fillRect(x + 0.5, y + 0.5, g.cell - 1, g.cell - 1);
      if (g.cell < 30) continue;
      context.fillStyle = hidden ? colours.soft : inkOn(colour);
      context.font = `${g.cell < 38 ? 9.5 : 11}px ${colours.font}`;
      context.textAlign = "center";
      context.fillText(short(value), x + g.cell / 2, y + g.cell / 2);
    }
  }
  drawNames(context, g, data, focus, colours);
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  context.strokeRect(g.left - 1, g.top + focus.row * g.cell, g.S * g.cell + 2, g.cell);
  context.strokeStyle = colours.ink;
  context.strokeRect(g.left + focus.column * g.cell, g.top + focus.row * g.cell, g.cell, g.cell);
}

function drawNames(context, g, data, focus, colours) {
  data.readers.forEach((name, t) => {
    context.font = `${t === focus.row ? 600 : 400} 12px ${colours.font}`;
    context.fillStyle = t === focus.row ? colours.accent : colours.soft;
    context.textAlign = "right";
    context.fillText(fitText(context, name, g.left - 12), g.left - 8, g.top + (t + 0.5) * g.cell);
  });
  data.read.forEach((name, s) => {
    context.save();
    context.font = `${s === focus.column ? 600 : 400} 12px ${colours.font}`;
    context.fillStyle = s === focus.column ? colours.accent : colours.soft;
    context.translate(g.left + (s + 0.5) * g.cell + 2, g.top - 8);
    context.rotate(-Math.PI / 4);
    context.textAlign = "left";
    context.fillText(fitText(context, name, 68), 0, 0);
    context.restore();
  });
}
