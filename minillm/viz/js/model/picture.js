// What is seen of the model, as an SVG of its own: the text as it is read, every head, the bars.

function modelPicture({ header, session, store, say, ranked, position }, title, reading, canvases) {
  const { state } = store;
  const { colours } = state;
  const { labels } = header.tokenizer;
  const { heads: H } = header.config;
  const map = maps(colours.theme).weights;
  const at = position();
  const shares = session.seen[at].shares[state.layer * H + state.head];
  const pen = make("canvas").getContext("2d");
  pen.font = "12px system-ui, sans-serif";
  const [width, margin, line, cell] = [860, 16, 24, 88];
  const out = [];
  const write = (x, y, content, more = "") =>
    out.push(`<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`);
  const rect = (x, y, w, h, more) =>
    out.push(`<rect x="${x}" y="${y}" width="${w.toFixed(1)}" height="${h}" ${more}/>`);

  write(margin, 28, title, 'font-weight="600" font-size="14"');
  let [x, y] = [margin, 42];
  session.ids.forEach((id, t) => {
    const name = fitText(pen, labels[id], width - 2 * margin - 8);
    const wide = pen.measureText(name).width + 8;
    if (x + wide > width - margin) [x, y] = [margin, y + line];
    const code = t <= at ? encodeShare(shares[t]) : 0;
    const frame = t === at ? `stroke="${colours.accent}" stroke-width="2"` : "";
    rect(x, y, wide, 20, `rx="3" fill="${t <= at ? map.css[code] : colours.paper}" ${frame}`);
    write(x + 4, y + 14, name, `fill="${t <= at ? map.inks[code] : colours.ink}"`);
    x += wide + 2;
  });
  y += line + 16;
  write(margin, y, reading, `fill="${colours.soft}"`);
  y += 16;

  canvases.forEach((canvas, i) => {
    const [left, top] = [margin + (i % H) * cell, y + 24 + Math.floor(i / H) * cell];
    const size = cell - 8;
    out.push(`<image x="${left}" y="${top}" width="${size}" height="${size}" href="${canvas.toDataURL()}"/>`);
    if (i === state.layer * H + state.head) {
      rect(left, top, size, size, `fill="none" stroke="${colours.accent}" stroke-width="2"`);
    }
  });
  write(margin, y + 12, say("heads"), 'font-weight="600"');

  const right = Math.max(400, margin + H * cell + 110);
  const found = ranked(at).slice(0, MOST_BARS);
  write(right - 80, y + 12, say("next", { reader: labels[session.ids[at]] }), 'font-weight="600"');
  found.forEach(({ id, p, kept }, i) => {
    const top = y + 24 + i * 20;
    write(right - 8, top + 13, fitText(pen, labels[id], 90), 'text-anchor="end"');
    rect(right, top + 2, (300 * p) / found[0].p, 14, `fill="${kept ? map.css[158] : colours.line}"`);
    write(right + 308, top + 13, percent(p), `fill="${colours.soft}"`);
  });

  const full = Math.max(width, right + 370);
  const below = Math.max(Math.ceil(canvases.length / H) * cell, found.length * 20);
  const height = y + 24 + below + margin;
  const svg =
    `<svg xmlns="${SVG}" width="${full}" height="${height}" viewBox="0 0 ${full} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">` +
    `<rect width="100%" height="100%" fill="${colours.paper}"/>${out.join("")}</svg>`;
  return { text: svg, width: full, height };
}
