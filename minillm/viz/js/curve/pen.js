// One way to draw, two surfaces: a canvas on the screen, SVG in a file. Both take the same calls, so
// that the picture that is kept is the picture that was seen.

const DASHES = [[], [8, 3], [2, 2.5], [9, 3, 2, 3], [4, 4], [12, 3, 3, 3]];

// Outlines of markers, x and y in tenths of their size: (a circle,) square, triangle, diamond, and a
// triangle on its head.
const OUTLINES = [
  null,
  [-9, -9, 9, -9, 9, 9, -9, 9],
  [0, -12, 11, 9, -11, 9],
  [0, -13, 13, 0, 0, 13, -13, 0],
  [0, 12, 11, -9, -11, -9],
];
const SHAPES = OUTLINES.length;

// As SVG writes it, round 0, 0.
function shapePath(shape, r) {
  const outline = OUTLINES[shape];
  if (!outline) return `M${-r} 0A${r} ${r} 0 1 0 ${r} 0A${r} ${r} 0 1 0 ${-r} 0Z`;
  return `M${outline.map((at) => (at * r) / 10).join(" ")}Z`; // more points after M are lines
}

function canvasPen(context, font) {
  const styled = (style, draw) => {
    context.save();
    context.globalAlpha = style.alpha ?? 1;
    context.strokeStyle = context.fillStyle = style.colour;
    context.lineWidth = style.width ?? 1;
    context.lineJoin = "round";
    context.setLineDash(style.dash ?? []);
    draw();
    context.restore();
  };
  const trace = (points) => {
    let down = false;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      if (Number.isNaN(points[i + 1])) down = false;
      else if (down) context.lineTo(points[i], points[i + 1]);
      else {
        context.moveTo(points[i], points[i + 1]);
        down = true;
      }
    }
  };
  return {
    line: (points, style) =>
      styled(style, () => {
        trace(points);
        context.stroke();
      }),
    area: (points, style) =>
      styled(style, () => {
        trace(points);
        context.fill();
      }),
    rect: (x, y, w, h, style) => styled(style, () => context.fillRect(x, y, w, h)),
    mark: (shape, x, y, r, style) =>
      styled(style, () => {
        context.translate(x, y);
        const path = new Path2D(shapePath(shape, r));
        context.fill(path);
        context.strokeStyle = style.edge;
        context.stroke(path);
      }),
    text: (x, y, text, style) =>
      styled(style, () => {
        context.font = `${style.weight ?? 400} ${style.size ?? 11}px ${font}`;
        context.textAlign = style.align ?? "left";
        context.fillText(style.room ? fitText(context, text, style.room) : text, x, y);
      }),
    image: (canvas, x, y, w, h) => {
      context.imageSmoothingEnabled = false;
      context.drawImage(canvas, x, y, w, h);
    },
    clip: (x, y, w, h, draw) => {
      context.save();
      context.beginPath();
      context.rect(x, y, w, h);
      context.clip();
      draw();
      context.restore();
    },
  };
}

const fixed = (value) => Number(value.toFixed(1));

// Collects elements in `parts`.
function svgPen() {
  const parts = [];
  let clips = 0;
  const stroked = ({ colour, width = 1, dash = "", alpha = 1 }) =>
    `fill="none" stroke="${colour}" stroke-width="${width}" opacity="${alpha}" stroke-dasharray="${dash}"`;
  const filled = ({ colour, alpha = 1 }) => `fill="${colour}" opacity="${alpha}"`;
  const path = (points) => {
    let [text, down] = ["", false];
    for (let i = 0; i < points.length; i += 2) {
      const lifted = Number.isNaN(points[i + 1]);
      if (!lifted) text += `${down ? "L" : "M"}${fixed(points[i])} ${fixed(points[i + 1])}`;
      down = !lifted;
    }
    return text;
  };
  return {
    parts,
    line: (points, style) => parts.push(`<path d="${path(points)}" ${stroked(style)}/>`),
    area: (points, style) => parts.push(`<path d="${path(points)}" ${filled(style)}/>`),
    rect: (x, y, w, h, style) =>
      parts.push(
        `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(w)}" height="${fixed(h)}" ${filled(style)}/>`,
      ),
    mark: (shape, x, y, r, style) =>
      parts.push(
        `<path transform="translate(${fixed(x)} ${fixed(y)})" d="${shapePath(shape, r)}" ` +
          `${filled(style)} stroke="${style.edge}"/>`,
      ),
    text: (x, y, text, { align = "left", colour, size = 11, weight = 400, room }) => {
      const anchor = { left: "start", center: "middle", right: "end" }[align];
      const letters = Array.from(text);
      const most = room ? Math.max(1, Math.floor(room / (0.56 * size))) : Infinity; // roughly
      const cut = letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
      parts.push(
        `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${colour}" ` +
          `font-size="${size}" font-weight="${weight}">${escapeXml(cut)}</text>`,
      );
    },
    image: (canvas, x, y, w, h) =>
      parts.push(
        `<image href="${canvas.toDataURL()}" x="${x}" y="${y}" width="${w}" height="${h}" ` +
          `preserveAspectRatio="none" style="image-rendering:pixelated"/>`,
      ),
    clip: (x, y, w, h, draw) => {
      const id = `part${clips++}`;
      parts.push(
        `<clipPath id="${id}"><rect x="${x}" y="${y}" width="${w}" height="${h}"/></clipPath>`,
        `<g clip-path="url(#${id})">`,
      );
      draw();
      parts.push("</g>");
    },
  };
}
