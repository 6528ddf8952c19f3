// What the model wrote on its way: the last sample before the cursor, or the one the slider is at.

function samplesPart({ say, signal, store, runsOf }) {
  const { state } = store;
  const slider = make("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": say("sample_slider"),
    ...suppressed,
  });
  const texts = make("div", { class: "texts" });
  const box = make(
    "section",
    { class: "samples", hidden: true },
    make("div", { class: "bar" }, make("strong", {}, say("sample")), slider),
    texts,
  );
  const stepsOf = (runs) =>
    [...new Set(runs.flatMap((run) => run.samples.map(([step]) => step)))].sort((a, b) => a - b);
  slider.addEventListener(
    "input",
    () => {
      const runs = runsOf();
      const step = stepsOf(runs)[Number(slider.value)];
      const run = runs.find(({ samples }) => samples.some(([at]) => at === step));
      store.set({ hover: null, pin: { run: run.index, step } });
    },
    { signal },
  );

  // A box for each visible run that wrote something.
  function show(scene, cursor) {
    const wrote = scene.visible.filter((run) => run.samples.length);
    box.hidden = !wrote.length || !cursor;
    if (box.hidden) return;
    const steps = stepsOf(wrote);
    slider.max = steps.length - 1;
    slider.hidden = steps.length < 2;
    slider.value = Math.max(0, firstAt(steps, cursor.step + 1e-9) - 1);
    slider.setAttribute("aria-valuetext", say("at", { step: whole(steps[slider.value]) }));
    if (texts.children.length !== wrote.length) texts.replaceChildren(...wrote.map(sampleBox));
    wrote.forEach((run, i) => {
      const row = cursor.rows[run.index] ?? run.rows - 1;
      const before = run.samples.filter(([step]) => step <= run.columns.step[row]);
      const [step, text] = before.at(-1) ?? [null, ""];
      const [name, at, written] = texts.children[i].querySelectorAll("b, span, pre");
      const look = lookOf(run.index, state.colours.theme);
      const when = step === null ? say("no_value") : say("sample_at", { step: whole(step) });
      put(name, run.name);
      name.style.color = look.colour;
      put(at, when);
      put(written, text);
    });
  }
  return { box, show };
}

const sampleBox = () =>
  make(
    "figure",
    {},
    make("figcaption", {}, make("b", { dir: "auto" }), " ", make("span")),
    make("pre", { tabindex: 0, dir: "auto", ...suppressed }),
  );

// Sets a text only where it is new: most moves of the pointer change none.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
