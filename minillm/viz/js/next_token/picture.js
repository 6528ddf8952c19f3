// The list as an SVG of its own: title, bars, cuts, sums and the three knobs in words.

function expectedPicture({ now, data, state, title, words, say }) {
  const { colours } = state;
  const { row, dist, cut, wanted } = now;
  const items = listItems({ shown: state.shown, wanted, ends: cut.ends, row });
  const [left, wide, line, top] = [150, 360, 20, 68];
  const full = Math.max(1e-12, drawn(cut, dist.p[0], 0), dist.p[0], row.truth?.(0) ?? 0);
  const out = [];
  const rect = (x, y, w, h, fill, more = "") =>
    out.push(
      `<rect x="${x}" y="${y}" width="${w.toFixed(2)}" height="${h}" fill="${fill}" ${more}/>`,
    );
  const text = (x, y, content, more = "") =>
    out.push(`<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`);
  const short = (label) => {
    const letters = Array.from(label);
    return letters.length > 20 ? `${letters.slice(0, 19).join("")}…` : label;
  };
  const bar = maps(colours.theme).weights.css[158];
  items.forEach((item, i) => {
    const y = top + i * line;
    if (item.end) {
      rect(left, y + 9, wide, 1.5, colours.accent);
      const value = { k: state.topK, p: state.topP }[item.end.name];
      text(
        left - 8,
        y + 14,
        say(`cut_${item.end.name}`, { [item.end.name]: value }),
        `text-anchor="end" fill="${colours.accent}"`,
      );
    } else if (item.rank === undefined) {
      const mass = share(massBetween(dist, item.from, item.to, data.V));
      const key = item.to === data.V ? "tail" : "gap";
      text(
        left,
        y + 14,
        say(key, { count: counted(item.to - item.from), share: mass }),
        `fill="${colours.soft}"`,
      );
    } else {
      const [p, then] = [dist.p[item.rank], drawn(cut, dist.p[item.rank], item.rank)];
      const size = (value) => Math.min(wide, (wide * value) / full);
      text(left - 8, y + 14, short(data.label(row.ids[item.rank])), 'text-anchor="end"');
      if (then > p) rect(left, y + 3, size(then), 14, "none", `stroke="${bar}"`);
      rect(left, y + 3, size(p), 14, then > 0 ? bar : colours.line);
      const truth = row.truth?.(item.rank) ?? 0;
      if (truth > 0) rect(left + size(truth) - 1.5, y + 1, 3, 18, colours.truth);
      text(
        left + wide + 10,
        y + 14,
        then > p ? `${share(p)} → ${share(then)}` : share(p),
        `fill="${colours.soft}"`,
      );
    }
  });
  const [width, height] = [left + wide + 150, top + items.length * line + 16];
  const svg =
    `<svg xmlns="${SVG}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">` +
    `<rect width="100%" height="100%" fill="${colours.paper}"/>` +
    `<text x="16" y="26" font-size="14" font-weight="600">${escapeXml(title)}</text>` +
    `<text x="16" y="46" fill="${colours.soft}">${escapeXml(words)}</text>${out.join("")}</svg>`;
  return { text: svg, width, height };
}
