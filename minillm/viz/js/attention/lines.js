// Lines from readers to what they read: thick and dark where the weight is high.

const LEVELS = 16; // lines of like weight are drawn in one stroke

function curve(context, x0, y0, x1, y1) {
  const middle = (x0 + x1) / 2;
  context.moveTo(x0, y0);
  context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
}

// Lines of one matrix by level, weakest first: [level, [row, column, row, column, ...]].
function linesByLevel(shown, floor, wanted) {
  const levels = Array.from({ length: LEVELS }, () => []);
  const { p, rows, columns } = shown;
  for (let t = 0; t < rows; t++) {
    if (wanted && wanted.row !== null && wanted.row !== t) continue;
    for (let s = 0; s < columns; s++) {
      if (wanted && wanted.row === null && wanted.column !== s) continue;
      const size = Math.abs(p[t * columns + s]);
      if (size < floor || size === 0) continue;
      const level = Math.min(LEVELS - 1, Math.floor(Math.sqrt(size) * LEVELS));
      levels[level].push(t, s, p[t * columns + s]);
    }
  }
  return levels;
}

// At rest only lines that can be told apart are drawn; those of a focused token all are.
const restFloor = (shown, threshold) => Math.max(threshold, shown.rows > 40 ? 0.1 : 0.04);

function drawLines(context, g, shown, map, { floor, wanted = null, colour = null, thick = 1 }) {
  if (!g.lined) return;
  context.lineCap = "round";
  linesByLevel(shown, floor, wanted).forEach((lines, level) => {
    if (!lines.length) return;
    const root = (level + 0.75) / LEVELS;
    for (const sign of shown.signed ? [-1, 1] : [1]) {
      context.beginPath();
      for (let i = 0; i < lines.length; i += 3) {
        if (shown.signed && Math.sign(lines[i + 2]) !== sign) continue;
        curve(context, g.linesLeft, g.rowY(lines[i]), g.linesRight, g.keyY(lines[i + 1]));
      }
      const code = shown.signed ? 127.5 + 127.5 * sign * root : 255 * Math.max(root, 0.12);
      context.strokeStyle = colour ?? map.css[Math.round(code)];
      context.globalAlpha = colour ? 0.15 + 0.8 * root * root : 1;
      context.lineWidth = thick * (0.5 + 3.2 * root * root);
      context.stroke();
    }
  });
  context.globalAlpha = 1;
}
