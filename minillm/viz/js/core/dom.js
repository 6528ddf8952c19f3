// Elements and words. Text goes in as text, never as HTML: a token may say <script>.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// say("failed", {reason: "..."}): a string of the catalogue, its {fields} filled in.
function speaker(strings) {
  return (key, values = {}) =>
    (strings[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A share in words: "62%", "0.4%".
function percent(share) {
  const hundred = 100 * share;
  if (hundred >= 9.95 || hundred === 0) return `${Math.round(hundred)}%`;
  return `${hundred.toFixed(1)}%`;
}
