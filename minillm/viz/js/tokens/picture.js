// Every tokenizer's tokens as an SVG of its own, at the step that is shown.

function tokensPicture({ panels, text, store, say }) {
  const { colours, steps } = store.state;
  const map = maps(colours.theme).weights;
  const pen = make("canvas").getContext("2d");
  pen.font = "12px system-ui, sans-serif";
  const [width, margin, line] = [860, 16, 26];
  const out = [];
  let y = 12;
  const write = (x, at, content, more) =>
    out.push(`<text x="${x.toFixed(1)}" y="${at.toFixed(1)}" ${more}>${escapeXml(content)}</text>`);
  panels.forEach((panel, i) => {
    const tokens = panel.tokensAt(steps[i]);
    y += 20;
    write(margin, y, panel.name, 'font-weight="600" font-size="14"');
    y += 18;
    write(margin, y, countWords(panel, tokens, text, say), `fill="${colours.soft}"`);
    y += 10;
    let x = margin;
    for (const [from, to] of tokens) {
      const name = fitText(pen, text.name(from, to), width - 2 * margin - 12);
      const wide = pen.measureText(name).width + 12;
      if (x + wide > width - margin) [x, y] = [margin, y + line];
      const shade = shadeOf(to - from);
      out.push(
        `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="21" rx="4" fill="${map.css[shade]}"/>`,
      );
      write(x + 6, y + 15, name, `fill="${map.inks[shade]}"`);
      x += wide + 4;
      if (text.isBreak(to - 1)) [x, y] = [margin, y + line];
    }
    y += line + 6;
  });
  const svg =
    `<svg xmlns="${SVG}" width="${width}" height="${y + 8}" viewBox="0 0 ${width} ${y + 8}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">` +
    `<rect width="100%" height="100%" fill="${colours.paper}"/>${out.join("")}</svg>`;
  return { text: svg, width, height: y + 8 };
}
