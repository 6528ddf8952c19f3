// One tab stop a panel; arrows move inside it.

// Runs table[key] and keeps the key from the host. JupyterLab also needs the attribute that panel()
// sets, because it listens before we do.
function onKeys(element, table, signal) {
  element.addEventListener(
    "keydown",
    (event) => {
      const act = table[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      act(event);
    },
    { signal },
  );
}

// On every control, so that JupyterLab leaves its keys alone.
const suppressed = { "data-lm-suppress-shortcuts": "true" };

// A focusable drawing. Its role is "application" because arrows mean something of their own in it.
function panel(label, ...children) {
  return make(
    "div",
    {
      class: "panel",
      tabindex: 0,
      role: "application",
      "aria-label": label,
      ...suppressed,
    },
    ...children,
  );
}

const arrows = (move) => ({
  ArrowUp: () => move(-1, 0),
  ArrowDown: () => move(1, 0),
  ArrowLeft: () => move(0, -1),
  ArrowRight: () => move(0, 1),
});
