// Matrices as pixels: one pixel a cell through a lookup table, scaled up without smoothing.

// Sizes a canvas in CSS pixels for the screen's density and returns its context, cleared.
function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// The largest code in each block, where there are more cells than pixels; Python pools alike.
function poolCodes(codes, rows, columns, outRows, outColumns) {
  const out = new Uint8Array(outRows * outColumns);
  const columnOf = Uint16Array.from({ length: columns }, (_, s) => blockOf(s, columns, outColumns));
  for (let t = 0; t < rows; t++) {
    const base = blockOf(t, rows, outRows) * outColumns;
    for (let s = 0; s < columns; s++) {
      const code = codes[t * columns + s];
      const at = base + columnOf[s];
      if (code > out[at]) out[at] = code;
    }
  }
  return out;
}

// The block k with floor(k size / n) <= index < floor((k + 1) size / n).
const blockOf = (index, size, n) => Math.floor(((index + 1) * n - 1) / size);

// A canvas of one pixel a cell.
function cellImage(codes, rows, columns, pixels) {
  const image = new ImageData(columns, rows);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = pixels[codes[i]];
  const small = document.createElement("canvas");
  small.width = columns;
  small.height = rows;
  small.getContext("2d").putImageData(image, 0, 0);
  return small;
}

// Text cut to a width in pixels, with an ellipsis.
function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = Array.from(text); // by code point, so that no character is split
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const short = letters.slice(0, middle).join("") + "…";
    if (context.measureText(short).width <= width) low = middle;
    else high = middle - 1;
  }
  return letters.slice(0, low).join("") + "…";
}
