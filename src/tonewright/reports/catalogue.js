"use strict";
(() => {
  // The sounds of a row play together, and all but one are muted, so that another can be heard from where it is.
  let sounding = null; // { sounds, buttons, heard }

  const show = ({ buttons, heard }, on) =>
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(on && i === heard)));

  const stop = () => {
    if (!sounding) return;
    const ended = sounding;
    sounding = null;
    ended.sounds.forEach((sound) => sound.pause());
    show(ended, false);
  };

  const listen = (row, which) => {
    const same = sounding && sounding.buttons === row.buttons;
    if (same && sounding.heard === which) return stop();
    if (!same) stop();
    row.sounds.forEach((sound, i) => { sound.muted = i !== which; });
    const goesOn = same && !row.sounds[which].ended;
    row.heard = which;
    sounding = row;
    show(row, true);
    if (goesOn) return undefined;
    return Promise.all(row.sounds.map((sound) => {
      sound.currentTime = 0;
      return sound.play();
    })).catch((error) => {
      if (error.name === "AbortError") return; // stopped before it began
      stop();
      row.root.dataset.state = "missing";
    });
  };

  document.querySelectorAll(".beside").forEach((root) => {
    const buttons = [...root.querySelectorAll("button")], sounds = [...root.querySelectorAll("audio")];
    const row = { root, buttons, sounds, heard: 0 };
    sounds.forEach((sound, i) => {
      sound.controls = false;
      sound.volume = Number(sound.dataset.volume);
      sound.addEventListener("ended", () => { if (sounding === row && row.heard === i) stop(); });
    });
    buttons.forEach((button, i) => {
      button.hidden = false;
      button.addEventListener("click", () => listen(row, i));
    });
  });

  document.querySelectorAll(".catalogue").forEach((root) => {
    const body = root.querySelector("tbody"), rows = [...body.rows];
    const keyOf = (row, column) => {
      const { key, kind } = row.cells[column].firstElementChild.dataset;
      return key === undefined ? null : kind === "number" ? Number(key) : key;
    };
    const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    [...root.querySelectorAll("thead th")].forEach((head, column, heads) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const numbers = rows.some((row) => typeof keyOf(row, column) === "number");
        // Of numbers the largest come first, of texts those at the beginning of the alphabet.
        const down = before ? before === "ascending" : numbers;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const keyed = rows.map((row) => [keyOf(row, column), row]);
        keyed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : order(a, b) * (down ? -1 : 1)));
        body.append(...keyed.map(([, row]) => row));
      });
    });
  });
})();
