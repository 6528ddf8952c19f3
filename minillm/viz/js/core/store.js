// The view's state in one place. Parts are told once a frame which names have changed.

function createStore(state, signal) {
  const parts = [];
  let changed = new Set();
  let waiting = 0;
  function flush() {
    waiting = 0;
    const names = changed;
    changed = new Set();
    parts.forEach((part) => part(names));
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(waiting));
  return {
    state,
    subscribe: (part) => parts.push(part),
    flush,
    set(patch) {
      for (const [name, value] of Object.entries(patch)) {
        if (state[name] === value) continue;
        state[name] = value;
        changed.add(name);
      }
      if (changed.size && !waiting) waiting = requestAnimationFrame(flush);
    },
  };
}

// What is looked at: under the pointer or the keyboard's cursor, else what is pinned.
const focusOf = (state) => state.hover ?? state.pin;
