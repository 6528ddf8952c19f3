// Where things are on the stage: matrix, reader labels, lines, labels of what is read, left to right,
// so that a row of the matrix runs on into its label and its lines.

const GAP = 8;
const LABEL = 92; // widest label, in pixels
const TALLEST = 600;
const NARROW = 440; // below this width the matrix has all the room, and there are no lines
const SLANT = Math.SQRT1_2; // column labels climb at 45 degrees

function stageGeometry(width, shown, measure) {
  const { rows, columns } = shown;
  const widest = (labels) => Math.min(LABEL, Math.max(36, ...labels.slice(0, 400).map(measure)));
  const readerWidth = widest(shown.readers);
  const readWidth = widest(shown.read);
  const lined = width >= NARROW;
  const linesWidth = lined ? clamp(width * (columns > 40 ? 0.14 : 0.2), 70, 170) : 0;
  const room = width - readerWidth - linesWidth - (lined ? readWidth + 4 * GAP : 3 * GAP);
  let cell = Math.min(30, room / columns, TALLEST / Math.max(rows, columns));
  if (cell >= 4) cell = Math.floor(cell); // whole pixels keep cells equal
  const matrixWidth = Math.max(1, Math.round(cell * columns));
  const top = Math.ceil(readWidth * SLANT) + 14;
  const tall = Math.max(rows, columns) * cell;
  const rowTop = top + (tall - rows * cell) / 2;
  const keyTop = top + (tall - columns * cell) / 2;
  const spare = lined ? Math.min(110, Math.max(0, room - matrixWidth)) : 0;
  const linesLeft = matrixWidth + GAP + readerWidth + GAP;
  const linesRight = linesLeft + linesWidth + spare;
  return {
    lined,
    cell,
    rows,
    columns,
    matrixWidth,
    rowTop,
    keyTop,
    top,
    linesLeft,
    linesRight,
    readWidth,
    readerWidth,
    matrixHeight: Math.max(1, Math.round(cell * rows)),
    readerRight: linesLeft - GAP / 2,
    readLeft: linesRight + GAP / 2,
    width: lined ? linesRight + GAP + readWidth : linesRight,
    height: Math.ceil(top + tall + 22),
    // labels are thinned out where they would touch; slanted ones touch earlier
    every: Math.max(1, Math.ceil(12 / cell)),
    everySlanted: Math.max(1, Math.ceil(11 / SLANT / cell)),
    rowY: (t) => rowTop + (t + 0.5) * cell,
    keyY: (s) => keyTop + (s + 0.5) * cell,
    columnX: (s) => (s + 0.5) * cell,
  };
}

// What is at a point of the stage: {row, column}, either of them null, or null for nothing.
function whatIsAt(g, x, y) {
  const row = Math.floor((y - g.rowTop) / g.cell);
  const column = Math.floor(x / g.cell);
  const key = Math.floor((y - g.keyTop) / g.cell);
  const inRows = row >= 0 && row < g.rows;
  const inKeys = key >= 0 && key < g.columns;
  if (x < g.matrixWidth && y < g.top && column < g.columns) return { row: null, column };
  if (x < g.matrixWidth) return inRows && column < g.columns ? { row, column } : null;
  if (!g.lined || x < (g.linesLeft + g.linesRight) / 2) return inRows ? { row, column: null } : null;
  return inKeys ? { row: null, column: key } : null;
}
