// Light or dark, as the host is: what is really behind the view decides, not a guess at the host.

function luminance(colour) {
  const parts = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  if (parts.length < 3 || parts[3] === 0) return null;
  const unit = colour.startsWith("color(") ? 1 : 255;
  return (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / unit;
}

function themeAt(element) {
  for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
    const light = luminance(getComputedStyle(node).backgroundColor);
    if (light !== null) return light < 0.5 ? "dark" : "light";
  }
  // Nothing is painted: the page shows the browser's own canvas, dark only if the page allows it.
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  return scheme.includes("dark") && (prefersDark || !scheme.includes("light")) ? "dark" : "light";
}

// Calls back when the theme may have changed. The page outlives the view, so the page's observers
// hold the view weakly and go when it has gone.
function watchTheme(element, changed, signal) {
  element.themeChanged = changed; // held by the view itself, and by nothing else
  const weak = new WeakRef(changed);
  const media = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((q) =>
    matchMedia(q),
  );
  const observer = new MutationObserver(tell);
  const stop = () => {
    observer.disconnect();
    media.forEach((query) => query.removeEventListener("change", tell));
  };
  function tell() {
    const call = weak.deref();
    if (call) call();
    else stop();
  }
  const attributeFilter = [
    "class",
    "style",
    "theme",
    "data-theme",
    "data-mode",
    "data-jp-theme-light",
  ];
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter });
  }
  media.forEach((query) => query.addEventListener("change", tell));
  signal.addEventListener("abort", stop);
}

// The theme's colours, for the canvases, which know no style sheets.
function readColours(host, box) {
  const theme = themeAt(host.parentElement);
  box.dataset.theme = theme;
  const style = getComputedStyle(box);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    theme,
    font: style.fontFamily,
    ink: value("--ink"),
    soft: value("--soft"),
    line: value("--line"),
    paper: value("--paper"),
    wash: value("--wash"),
    accent: value("--accent"),
    accentWash: value("--accent-wash"),
    truth: value("--truth"),
  };
}

// Keeps width and colours in the store, and draws the first picture at once.
function keepLook(host, box, store, signal) {
  const look = () => store.set({ size: box.clientWidth, colours: readColours(host, box) });
  watchTheme(host, look, signal);
  const sizes = new ResizeObserver(() => box.clientWidth !== store.state.size && look());
  sizes.observe(box);
  signal.addEventListener("abort", () => sizes.disconnect());
  look();
  store.flush();
}
