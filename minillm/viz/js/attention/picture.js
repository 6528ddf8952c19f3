// The stage as an SVG of its own: matrix, labels, lines, title and what is pinned, in words.

const CHARACTER = 6.1; // rough width of one at 11 px, to cut labels

function attentionPicture({ shown, focus, g, colours, title, words, floor }) {
  const map = maps(colours.theme)[shown.signed ? "signed" : "weights"];
  const image = cellImage(shown.codes, shown.rows, shown.columns, map.pixels).toDataURL();
  const [margin, above] = [20, 34];
  const parts = [];
  const cut = (label, width) => {
    const most = Math.max(1, Math.floor(width / CHARACTER));
    const letters = Array.from(label);
    return escapeXml(letters.length > most ? letters.slice(0, most - 1).join("") + "…" : label);
  };
  const text = (x, y, content, more = "") =>
    parts.push(`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content}</text>`);
  const size = `width="${g.matrixWidth}" height="${g.matrixHeight}"`;
  parts.push(
    `<image href="${image}" x="0" y="${g.rowTop}" ${size} preserveAspectRatio="none" style="image-rendering:pixelated"/>`,
  );
  const levels = g.lined ? linesByLevel(shown, floor, focus) : [];
  levels.forEach((lines, level) => {
    const root = (level + 0.75) / LEVELS;
    for (let i = 0; i < lines.length; i += 3) {
      const [y0, y1] = [g.rowY(lines[i]).toFixed(1), g.keyY(lines[i + 1]).toFixed(1)];
      const middle = (g.linesLeft + g.linesRight) / 2;
      const code = shown.signed ? 127.5 + 127.5 * Math.sign(lines[i + 2]) * root : 255 * root;
      parts.push(
        `<path d="M${g.linesLeft} ${y0}C${middle} ${y0} ${middle} ${y1} ${g.linesRight} ${y1}" fill="none" ` +
          `stroke="${map.css[Math.round(code)]}" stroke-width="${(0.5 + 3.2 * root * root).toFixed(2)}"/>`,
      );
    }
  });
  for (let t = 0; t < g.rows; t += g.every) {
    text(g.readerRight, g.rowY(t) + 4, cut(shown.readers[t], g.readerWidth), 'text-anchor="end"');
  }
  for (let s = 0; g.lined && s < g.columns; s += g.every) {
    text(g.readLeft, g.keyY(s) + 4, cut(shown.read[s], g.readWidth));
  }
  for (let s = 0; s < g.columns; s += g.everySlanted) {
    const [x, y] = [g.columnX(s) + 5, g.rowTop - 6];
    text(x, y, cut(shown.read[s], g.readWidth), `transform="rotate(-45 ${x} ${y})"`);
  }
  const [width, height] = [
    Math.ceil(g.width + 2 * margin),
    Math.ceil(g.height + above + 2 * margin),
  ];
  const svg =
    `<svg xmlns="${SVG}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="11" fill="${colours.ink}">` +
    `<rect width="100%" height="100%" fill="${colours.paper}"/>` +
    `<text x="${margin}" y="26" font-size="14" font-weight="600">${escapeXml(title)}</text>` +
    `<text x="${margin}" y="44" fill="${colours.soft}">${escapeXml(words)}</text>` +
    `<g transform="translate(${margin} ${above + margin})">${parts.join("")}</g></svg>`;
  return { text: svg, width, height };
}
