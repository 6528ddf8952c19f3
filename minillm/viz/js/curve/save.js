// What can be kept: the plots as one picture, the numbers as CSV.

function curvePicture(context, colours) {
  const { header, say, sceneOf } = context;
  const scene = sceneOf();
  const margin = 16;
  const pen = svgPen();
  const { frame } = scene.main;
  const width = frame.width + 2 * margin;
  const group = (x, y, draw) => {
    pen.parts.push(`<g transform="translate(${x} ${y})">`);
    draw();
    pen.parts.push("</g>");
  };
  let down = margin;
  let along = margin;
  const keys = scene.visible.map((run) => [
    lookOf(run.index, scene.theme),
    run.name || say("loss"),
  ]);
  for (const [look, name] of keys) {
    const room = Math.min(220, 50 + 7 * Array.from(name).length);
    if (along + room > width) [along, down] = [margin, down + 18];
    pen.line([along, down, along + 26, down], { colour: look.colour, width: 2.2, dash: look.dash });
    pen.mark(look.shape, along + 13, down, 4, { colour: look.colour, edge: colours.paper });
    pen.text(along + 32, down + 4, name, { colour: colours.ink, size: 12, room: room - 40 });
    along += room;
  }
  pen.text(width - margin, down + 4, header.unit, {
    colour: colours.soft,
    align: "right",
    room: 200,
  });
  down += 14;
  group(margin, down, () => drawMain(pen, scene, context, colours));
  down += frame.height + 20;
  scene.small.forEach((plot, i) => {
    const column = i % scene.columns;
    const x = margin + column * (scene.small[0].frame.width + GUTTER);
    const y = down + Math.floor(i / scene.columns) * (plot.frame.height + 26);
    const title = titleOf(plot, say);
    pen.text(x + 2, y, title, { colour: colours.soft, size: 11.5, room: plot.frame.width });
    group(x, y + 6, () => drawSmall(pen, plot, scene, colours));
  });
  const rows = Math.ceil(scene.small.length / Math.max(1, scene.columns));
  const height = down + rows * (SMALL_HEIGHT + 26) + 4;
  const text =
    `<svg xmlns="${SVG}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="${colours.paper}"/>` +
    `${pen.parts.join("")}</svg>`;
  return { text, width, height };
}

const titleOf = ({ key, run }, say) => (run?.name ? say("map_of", { name: run.name }) : say(key));

// One row a record, the runs one after the other; a cell is empty where nothing was said.
function csvText(runs) {
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.columns)))];
  const kept = names.filter((name) => name !== "speed");
  const cell = (value = NaN) => (Number.isNaN(value) ? "" : Number.isFinite(value) ? value : "nan");
  const lines = runs.flatMap(({ name, rows, columns }) =>
    Array.from({ length: rows }, (_, row) =>
      [quoted(name), ...kept.map((key) => cell(columns[key]?.[row]))].join(","),
    ),
  );
  return [["run", ...kept].map(quoted).join(","), ...lines, ""].join("\n");
}

function keepButtons(context) {
  const { say, signal, store, sceneOf } = context;
  const picture = () => curvePicture(context, store.state.colours);
  const csv = () =>
    download("curve.csv", new Blob([csvText(sceneOf().visible)], { type: "text/csv" }));
  return [
    button(say("export_png"), say("save_png"), () => savePng("curve", picture()), signal),
    button(say("export_svg"), say("save_svg"), () => saveSvg("curve", picture()), signal),
    button(say("csv"), say("save_csv"), csv, signal),
  ];
}
