// Every head as a small picture of its own: the pattern as it is, its colour by the chosen score, the
// score once more as a bar below. Hover previews, click chooses, shift-click adds.

const BAR = 3;

function overviewLayout(data, width, groups) {
  const left = 34;
  const perGroup = groups ? data.H / groups : data.H;
  const gaps = groups ? (groups - 1) * 6 : 0;
  const tallest = Math.max(14, 440 / data.L - BAR - 3);
  const pitch = clamp((width - left - gaps - 2) / data.H, 6, Math.min(58, tallest));
  const gap = pitch > 14 ? 5 : 2;
  const tile = Math.floor(pitch - gap);
  const step = tile + gap;
  const down = tile + gap + BAR + 3;
  const x = (h) => left + h * step + Math.floor(h / perGroup) * 6;
  const top = groups ? 42 : 30;
  return {
    tile,
    step,
    down,
    left,
    x,
    top,
    perGroup,
    y: (l) => top + l * down,
    width: x(data.H - 1) + tile + 3,
    height: top + data.L * down + 1,
  };
}

function overview({ data, header, store, say, signal }) {
  const { state } = store;
  const canvas = make("canvas", { "aria-hidden": "true" });
  const box = panel(say("overview_label"), canvas);
  let layout = null;
  const thumbnails = new Map(); // codes no larger than a tile is drawn, by frame and head

  function thumbnail(frame, l, h, pixels) {
    const key = `${frame},${l},${h},${pixels}`;
    if (!thumbnails.has(key)) {
      const { codes, rows, columns } = data.tile(frame, l, h);
      const [r, c] = [Math.min(rows, pixels), Math.min(columns, pixels)];
      const pooled = r < rows || c < columns ? poolCodes(codes, rows, columns, r, c) : codes;
      thumbnails.set(key, { codes: pooled, rows: r, columns: c });
    }
    return thumbnails.get(key);
  }

  function tileCodes(l, h, pixels) {
    const shown = thumbnail(state.frame, l, h, pixels);
    if (state.versus === null) return shown;
    const other = thumbnail(state.versus, l, h, pixels);
    const codes = shown.codes.map((a, i) => encodeSigned(DECODED[a] - DECODED[other.codes[i]]));
    return { ...shown, codes };
  }

  function draw(colours) {
    const ratio = window.devicePixelRatio || 1;
    const context = fitCanvas(canvas, layout.width, layout.height);
    const scores = header.scores[state.score];
    const range = header.ranges[state.score];
    const map = maps(colours.theme);
    const pixels = Math.round(layout.tile * ratio);
    const image = new ImageData(pixels, pixels);
    const out = new Uint32Array(image.data.buffer);
    for (let l = 0; l < data.L; l++) {
      for (let h = 0; h < data.H; h++) {
        const strength = strengthOf(scores[state.frame][l][h], range);
        const { codes, rows, columns } = tileCodes(l, h, pixels);
        const lut =
          state.versus === null
            ? map.fades[Math.round(Math.sqrt(strength) * FADES)] // a weak score still has a tint
            : map.signed.pixels;
        fillTile(out, pixels, codes, rows, columns, lut);
        const [x, y] = [layout.x(h), layout.y(l)];
        context.putImageData(image, Math.round(x * ratio), Math.round(y * ratio));
        context.fillStyle = colours.line;
        context.fillRect(x, y + layout.tile + 2, layout.tile, BAR);
        context.fillStyle = colours.accent;
        context.fillRect(x, y + layout.tile + 2, layout.tile * strength, BAR);
      }
    }
    drawNumbers(context, colours);
    drawChosen(context, colours);
  }

  function drawNumbers(context, colours) {
    context.fillStyle = colours.soft;
    context.font = `10px ${colours.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const skipRows = Math.ceil(11 / layout.down);
    const skipColumns = Math.ceil(16 / layout.step);
    for (let l = 0; l < data.L; l += skipRows) {
      context.fillText(l, layout.left - 6, layout.y(l) + layout.tile / 2);
    }
    context.textAlign = "center";
    // What the numbers count, in words.
    context.fillText(say("heads"), (layout.left + layout.width) / 2, 6);
    const layers = say("layers");
    context.save();
    context.translate(8, (layout.top + layout.height) / 2);
    if (layers.length > 2) context.rotate(-Math.PI / 2); // Chinese has one sign, which stands
    context.fillText(layers, 0, 0);
    context.restore();
    for (let h = 0; h < data.H; h += skipColumns) {
      context.fillText(h, layout.x(h) + layout.tile / 2, layout.top - 9);
    }
    if (!header.groups) return;
    for (let g = 0; g < header.groups; g++) {
      const [from, to] = [
        layout.x(g * layout.perGroup),
        layout.x((g + 1) * layout.perGroup - 1) + layout.tile,
      ];
      context.fillRect(from, layout.top - 17, to - from, 1);
      context.fillText(
        fitText(context, say("group", { group: g }), to - from),
        (from + to) / 2,
        layout.top - 23,
      );
    }
  }

  function drawChosen(context, colours) {
    const frame = ([l, h], colour, width, out) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(
        layout.x(h) - out,
        layout.y(l) - out,
        layout.tile + 2 * out,
        layout.tile + 2 * out,
      );
    };
    state.chosen.forEach((head, i) =>
      frame(head, state.chosen.length > 1 ? HEAD_COLOURS[i] : colours.accent, 2, 2),
    );
    if (state.preview) frame(state.preview, colours.ink, 1.5, 1.5);
  }

  function headAt(event) {
    const { left, top } = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const l = Math.floor((y - layout.top + 2) / layout.down);
    for (let h = 0; h < data.H; h++) {
      const inside = x >= layout.x(h) - 3 && x < layout.x(h) + layout.tile + 3;
      if (inside && l >= 0 && l < data.L) return [l, h];
    }
    return null;
  }

  function choose(head, adding) {
    if (!head) return;
    const others = state.chosen.filter((other) => !sameHead(other, head));
    const removing = adding && others.length < state.chosen.length && others.length > 0;
    const added = removing ? others : [...others, head].slice(-HEAD_COLOURS.length);
    store.set({ chosen: adding ? added : [head], preview: null });
  }

  const preview = (head) => {
    if (!sameHead(head, state.preview)) store.set({ preview: head });
  };
  canvas.addEventListener("pointermove", (event) => preview(headAt(event)), { signal });
  canvas.addEventListener("pointerleave", () => preview(null), { signal });
  canvas.addEventListener("click", (event) => choose(headAt(event), event.shiftKey), { signal });
  box.addEventListener("blur", () => preview(null), { signal });
  const cursor = () => state.preview ?? state.chosen[0];
  const move = (down, right) => {
    const [l, h] = cursor();
    const head = [clamp(l + down, 0, data.L - 1), clamp(h + right, 0, data.H - 1)];
    store.set({ preview: head, spoken: ["head", head] });
  };
  onKeys(
    box,
    {
      ...arrows(move),
      Enter: (event) => choose(cursor(), event.shiftKey),
      " ": () => choose(cursor(), true),
      Escape: () => preview(null),
    },
    signal,
  );
  return {
    box,
    resize: (width) => (layout = overviewLayout(data, width, header.groups)),
    draw,
    headCentre: ([l, h]) => [layout.x(h) + layout.tile / 2, layout.y(l) + layout.tile / 2],
  };
}

// Each device pixel of a tile from its cell; cells differ by a pixel where they do not divide evenly.
function fillTile(out, pixels, codes, rows, columns, lut) {
  for (let y = 0; y < pixels; y++) {
    const base = Math.floor((y * rows) / pixels) * columns;
    for (let x = 0; x < pixels; x++) {
      out[y * pixels + x] = lut[codes[base + Math.floor((x * columns) / pixels)]];
    }
  }
}

// How far a value is along the bar; its ends are those of all frames, so that colours mean the same
// at every checkpoint.
const strengthOf = (value, [low, high]) =>
  value === null || high <= low ? 0 : (value - low) / (high - low);
