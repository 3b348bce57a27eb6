"use strict";
(() => {
  const LEAST_ZOOM = 0.8, MOST_ZOOM = 60, MARGIN = 0.89, STEPS = 1000;
  const REACH = 28; // pixels from a point within which the pointer takes it
  const DIMMED = 0.09, MISSING = "#77778a";
  const SWITCH_S = 0.006, KEPT = 300;
  const AudioContext = window.AudioContext || window.webkitAudioContext;

  const root = document.querySelector(".map");
  const part = (selector) => root.querySelector(selector);
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const numbers = (text, Kind = Float32Array) => new Kind(bytes(text).buffer);

  const count = data.points.length;
  const sizeOf = (places, axis) => {
    let [least, most] = [Infinity, -Infinity];
    for (let i = axis; i < places.length; i += 2) [least, most] = [Math.min(least, places[i]), Math.max(most, places[i])];
    return Math.max(most - least, 1e-3);
  };
  const ways = data.ways.map((one) => {
    const places = numbers(one.places);
    return { ...one, places, size: [sizeOf(places, 0), sizeOf(places, 1)] };
  });
  const variables = data.variables.map((one) => ({ ...one, values: numbers(one.values) }));
  const controls = data.controls.map((one) => (
    { ...one, values: numbers(one.values, Float64Array), text: numbers(one.text, Uint32Array) }));
  const spreads = new Map(variables.filter((one) => one.kind === "spread").map((one) => [one.label, one]));

  // ---------------------------------------------------------------- values in words

  const number = (value) => {
    if (value !== 0 && Math.abs(value) < 1e-4) return "0";
    const rounded = Number(value.toPrecision(3));
    return rounded.toLocaleString("en-US", { maximumSignificantDigits: 12 }).replace("-", "−");
  };
  const say = (value, unit) => {
    if (!Number.isFinite(value)) return "–";
    if (unit === "Hz" && value >= 999.5) return `${number(value / 1000)} kHz`;
    return unit === "1" ? number(value) : `${number(value)} ${unit}`;
  };
  const physical = ({ low, high, curve, steps }, share) => {
    if (curve === "integer") return low + Math.min(Math.floor(share * steps), steps - 1);
    if (curve === "log") return low * (high / low) ** share;
    return low + (curve === "quadratic" ? share ** 2 : share) * (high - low);
  };
  const sayOf = (variable, value) => {
    if (!variable.control) return say(value, variable.unit);
    if (variable.percent) return `${Math.round(100 * physical(variable.control, value))}%`;
    const real = physical(variable.control, value);
    return variable.unit === "s" && real < 1 ? say(1000 * real, "ms") : say(real, variable.unit);
  };

  // ---------------------------------------------------------------- what is shown

  let way = ways[0];
  let selected = -1, hovered = -1;
  let centre = [0, 0], zoom = 1;
  let filters = []; // { variable, from, to }: shares of its range
  const passes = new Uint8Array(count).fill(1), levels = new Uint8Array(count);

  const field = part(".points"), marks = part(".marks"), ground = part(".ground");
  const under = field.getContext("2d"), over = marks.getContext("2d");
  let width = 1, height = 1, ratio = 1;

  // Pixels to a unit of the plane, with the same scale both ways: the whole map fits.
  const scale = () => zoom * MARGIN * Math.min(width / way.size[0], height / way.size[1]);
  const x = (i) => width / 2 + (way.places[2 * i] - centre[0]) * scale();
  const y = (i) => height / 2 - (way.places[2 * i + 1] - centre[1]) * scale();
  const radius = () => {
    const one = Math.sqrt((width * height) / count) * 0.2;
    return Math.min(Math.max(one, 2.2), 6) * Math.min(zoom, 6) ** 0.35;
  };

  // A disc of every colour, drawn once for each size.
  let discs = null;
  const makeDiscs = (size) => {
    if (discs && discs.size === size) return;
    const cell = Math.ceil(2 * (size + 1) * ratio);
    const sheet = document.createElement("canvas");
    sheet.width = cell * (data.colours.length + 1);
    sheet.height = cell;
    const pen = sheet.getContext("2d");
    [...data.colours, MISSING].forEach((colour, i) => {
      pen.beginPath();
      pen.arc(i * cell + cell / 2, cell / 2, size * ratio, 0, 2 * Math.PI);
      pen.fillStyle = colour;
      pen.fill();
      pen.lineWidth = 0.75 * ratio;
      pen.strokeStyle = "#050516a0"; // tells points that lie on each other apart
      pen.stroke();
    });
    discs = { size, sheet, cell };
  };

  const draw = () => {
    makeDiscs(radius());
    const { sheet, cell } = discs, half = cell / 2;
    under.setTransform(1, 0, 0, 1, 0, 0);
    under.clearRect(0, 0, field.width, field.height);
    const { places } = way, size = scale() * ratio;
    const across = (width / 2) * ratio - centre[0] * size - half, down = (height / 2) * ratio + centre[1] * size - half;
    for (const passing of [0, 1]) {
      under.globalAlpha = passing ? 1 : DIMMED;
      for (let i = 0; i < count; i += 1) {
        if (passes[i] !== passing) continue;
        const left = across + places[2 * i] * size, top = down - places[2 * i + 1] * size;
        if (left < -cell || top < -cell || left > field.width || top > field.height) continue;
        under.drawImage(sheet, levels[i] * cell, 0, cell, cell, left, top, cell, cell);
      }
    }
    root.dataset.drawings = String(Number(root.dataset.drawings || 0) + 1);
  };

  const ring = (i, line, colour) => {
    over.beginPath();
    over.arc(x(i), y(i), radius() + line + 1.5, 0, 2 * Math.PI);
    over.lineWidth = line;
    over.strokeStyle = colour;
    over.stroke();
  };
  const mark = () => {
    over.setTransform(ratio, 0, 0, ratio, 0, 0);
    over.clearRect(0, 0, width, height);
    over.font = "12px system-ui, sans-serif";
    if (hovered >= 0 && hovered !== selected) ring(hovered, 1.25, "#ffffffb0");
    if (selected >= 0) {
      ring(selected, 4.5, "#050516");
      ring(selected, 2.25, "#ffffff");
    }
    axes();
  };
  const axes = () => {
    const [across, up] = way.axes;
    over.fillStyle = "#ffffffa8";
    over.textBaseline = "bottom";
    over.textAlign = "right";
    if (across) over.fillText(`${across} →`, width - 10, height - 8, width - 20);
    over.save();
    over.translate(10, 10);
    over.rotate(-Math.PI / 2);
    over.textBaseline = "top";
    if (up) over.fillText(`${up} →`, 0, 0, height - 40);
    over.restore();
  };

  let waiting = 0, redraw = false;
  const later = (all) => {
    redraw = redraw || all;
    waiting = waiting || requestAnimationFrame(() => {
      waiting = 0;
      if (dragged) follow();
      if (redraw) draw();
      redraw = false;
      mark();
    });
  };

  // ---------------------------------------------------------------- colours

  const shareOf = (variable, value) => {
    const to = variable.log ? Math.log : (one) => one;
    return (to(value) - to(variable.low)) / (to(variable.high) - to(variable.low));
  };
  const colourBy = (variable) => {
    const most = data.colours.length - 1;
    for (let i = 0; i < count; i += 1) {
      const share = shareOf(variable, variable.values[i]);
      levels[i] = Number.isNaN(share) ? most + 1 : Math.round(most * Math.min(Math.max(share, 0), 1));
    }
    const unit = variable.unit === "1" ? "" : ` in ${variable.unit}`;
    const kind = { control: "", mean: ", mean", spread: ", spread over time" }[variable.kind];
    part(".legend-title").textContent = `${capital(variable.label)}${kind}${unit}${variable.log ? ", log scale" : ""}`;
    part(".ramp").style.background = `linear-gradient(90deg, ${data.colours.join(", ")})`;
    let last = -1;
    const ticks = variable.ticks.filter(([at]) => {
      const room = at - last >= Math.min(0.16, 70 / Math.max(width, 1));
      if (room) last = at;
      return room;
    });
    part(".legend-ticks").replaceChildren(...ticks.map(([at, text]) => {
      const tick = make("span", text);
      tick.className = at < 0.03 ? "first" : at > 0.97 ? "last" : "";
      tick.style.setProperty("--at", at);
      return tick;
    }));
    later(true);
  };

  // ---------------------------------------------------------------- parts of the page

  const make = (name, text = "", className = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const row = (term, value, small = "") => {
    const made = make("div"), meaning = make("dd", value);
    if (small) meaning.append(make("small", small));
    made.append(make("dt", term), meaning);
    return made;
  };
  const measured = (variable, i) => {
    const spread = spreads.get(variable.label);
    return row(variable.label, say(variable.values[i], variable.unit),
      spread ? `± ${say(spread.values[i], variable.unit)}` : "");
  };
  const controlText = (control, i) => control.texts[control.text[i]];

  // Points at one place, as those are that sound alike.
  const stack = (i) => {
    const { places } = way, same = [];
    for (let j = 0; j < count; j += 1) {
      const apart = Math.abs(places[2 * j] - places[2 * i]) + Math.abs(places[2 * j + 1] - places[2 * i + 1]);
      if (apart < 1e-5 && passes[j]) same.push(j);
    }
    return same;
  };

  let listed = -2;
  const list = () => {
    const i = hovered >= 0 ? hovered : selected;
    if (i === listed) return;
    listed = i;
    if (i < 0) return;
    const same = stack(i);
    part(".which").textContent = `Point ${data.points[i].toLocaleString("en-US")}`;
    if (same.length > 1) part(".which").append(make("small", `${same.indexOf(i) + 1} of ${same.length} at this place`));
    part(".hint").textContent = "";
    const named = variables.filter((one) => one.kind === "control");
    part(".of-controls").replaceChildren(...controls.map((one, k) => row(named[k].label, controlText(one, i))));
    part(".of-descriptors").replaceChildren(...data.main.map((k) => measured(variables[k], i)));
    if (part(".everything").open) listAll(i);
  };
  const listAll = (i) => {
    const means = variables.filter((one) => one.kind === "mean");
    part(".of-all").replaceChildren(...means.map((one) => measured(one, i)));
  };

  const preset = (i) => {
    const values = controls.map((one) => [one.name, one.values[i]]);
    return `${JSON.stringify({ ...data.preset, controls: Object.fromEntries(values) }, null, 1)}\n`;
  };

  let told = 0;
  const tell = (i) => {
    clearTimeout(told); // what is passed over is not read out
    told = setTimeout(() => {
      const named = variables.filter((one) => one.kind === "control");
      const parts = controls.map((one, k) => `${named[k].label} ${controlText(one, i)}`);
      const main = data.main.map((k) => `${variables[k].label} ${say(variables[k].values[i], variables[k].unit)}`);
      part(".said").textContent = `Point ${data.points[i]}: ${[...parts.slice(0, 6), ...main].join(", ")}`;
    }, 300);
  };

  const select = (i) => {
    selected = i;
    hovered = -1;
    root.dataset.selected = String(data.points[i]);
    const link = part(".save");
    link.href = `data:application/json,${encodeURIComponent(preset(i))}`;
    link.download = `${data.file}-${data.points[i]}.json`;
    part(".copy").disabled = false;
    if (part(".hear")) part(".hear").disabled = false;
    part(".copied").textContent = "";
    list();
    later(false);
    tell(i);
    hear(i);
  };

  // ---------------------------------------------------------------- sounds

  let context = null, master = null, sounding = null, wanted = 0, texts = null, muted = false;
  const decoded = new Map(); // of the points heard last
  const open = () => {
    if (!context) {
      try {
        context = new AudioContext({ sampleRate: data.sound.rate, latencyHint: "interactive" });
      } catch {
        context = new AudioContext();
      }
      master = context.createGain();
      master.gain.value = gain();
      master.connect(context.destination);
      texts = document.getElementById("map-sounds").textContent.split("\n");
    }
    if (context.state === "suspended") context.resume();
  };
  const gain = () => (muted ? 0 : 10 ** (Number(part(".volume").value) / 20));
  const decode = (i) => {
    const known = decoded.get(i);
    decoded.delete(i);
    decoded.set(i, known || context.decodeAudioData(bytes(texts[i]).buffer));
    if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value);
    return decoded.get(i);
  };
  const hear = async (i) => {
    if (!data.sound || !AudioContext || muted) return;
    open();
    wanted += 1;
    const turn = wanted;
    const buffer = await decode(i);
    if (turn !== wanted) return; // the pointer went on meanwhile
    const at = context.currentTime;
    const source = context.createBufferSource(), edge = context.createGain();
    source.buffer = buffer;
    if (sounding) {
      edge.gain.setValueAtTime(0, at);
      edge.gain.linearRampToValueAtTime(1, at + SWITCH_S);
      hush(at);
    }
    source.connect(edge);
    edge.connect(master);
    source.start(at);
    const started = { source, edge };
    source.onended = () => { if (sounding === started) sounding = null; };
    sounding = started;
    root.dataset.heard = String(data.points[i]);
  };
  const hush = (at) => {
    const { source, edge } = sounding;
    sounding = null;
    edge.gain.cancelScheduledValues(at);
    edge.gain.setValueAtTime(edge.gain.value, at);
    edge.gain.linearRampToValueAtTime(0, at + SWITCH_S);
    source.stop(at + 2 * SWITCH_S);
  };
  const turn = () => {
    const said = part(".volume").value;
    part(".volume-said").textContent = muted ? "muted" : `${said.replace("-", "−")} dB`;
    part(".volume").setAttribute("aria-valuetext", `${said} decibels`);
    if (master) master.gain.setTargetAtTime(gain(), context.currentTime, 0.01);
  };
  const mute = () => {
    if (!data.sound) return;
    muted = !muted;
    part(".mute").setAttribute("aria-pressed", String(muted));
    turn();
  };

  // ---------------------------------------------------------------- pointing

  const nearest = (px, py, reach) => {
    const { places } = way, size = scale();
    const right = centre[0] + (px - width / 2) / size, up = centre[1] - (py - height / 2) / size;
    let best = -1, least = (reach / size) ** 2;
    for (let i = count - 1; i >= 0; i -= 1) { // what is drawn last lies on top
      const away = (places[2 * i] - right) ** 2 + (places[2 * i + 1] - up) ** 2;
      if (away < least && passes[i]) [best, least] = [i, away];
    }
    return best;
  };
  const zoomAt = (px, py, factor) => {
    const before = scale();
    zoom = Math.min(Math.max(zoom * factor, LEAST_ZOOM), MOST_ZOOM);
    const gone = 1 / before - 1 / scale();
    centre = [centre[0] + (px - width / 2) * gone, centre[1] - (py - height / 2) * gone];
    later(true);
  };
  const shift = (dx, dy) => {
    centre = [centre[0] - dx / scale(), centre[1] + dy / scale()];
    later(true);
  };
  const whole = () => {
    [centre, zoom] = [[0, 0], 1];
    later(true);
  };

  const fingers = new Map();
  let dragged = null; // where the pointer is that hears what it passes
  let moved = null;
  const at = (event) => {
    const box = field.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const follow = () => {
    const found = nearest(...dragged, REACH);
    if (found >= 0 && found !== selected) select(found);
  };
  field.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    field.focus({ preventScroll: true });
    field.setPointerCapture(event.pointerId);
    const place = at(event);
    fingers.set(event.pointerId, place);
    if (event.shiftKey || event.button === 1 || fingers.size > 1) {
      [dragged, moved] = [null, place];
      field.classList.add("moving");
      return;
    }
    const found = nearest(...place, REACH);
    dragged = place;
    if (found < 0) return;
    // Pressed again, the next of those that lie at one place.
    const same = stack(found);
    const after = same.length > 1 && same.includes(selected) ? same[(same.indexOf(selected) + 1) % same.length] : found;
    select(after);
  });
  field.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (fingers.size > 1 && fingers.has(event.pointerId)) {
      const [[, other]] = [...fingers].filter(([id]) => id !== event.pointerId);
      const before = fingers.get(event.pointerId);
      const far = (one) => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
      const middle = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
      shift((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
      zoomAt(...middle, far(place) / far(before));
      fingers.set(event.pointerId, place);
    } else if (moved) {
      shift(place[0] - moved[0], place[1] - moved[1]);
      moved = place;
    } else if (dragged) {
      dragged = place;
      later(false);
    } else if (event.pointerType === "mouse") {
      const found = nearest(...place, REACH / 2);
      if (found === hovered) return;
      hovered = found;
      if (found >= 0 && context && !muted) decode(found); // ready when it is pressed
      list();
      later(false);
    }
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    [dragged, moved] = [null, null];
    field.classList.remove("moving");
  };
  for (const kind of ["pointerup", "pointercancel"]) field.addEventListener(kind, end);
  field.addEventListener("pointerleave", () => {
    hovered = -1;
    list();
    later(false);
  });
  field.addEventListener("wheel", (event) => {
    // A map that has not been used lets the page scroll; a pinch on a touchpad is a wheel with Ctrl.
    if (!event.ctrlKey && document.activeElement !== field) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    zoomAt(...at(event), Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)));
  }, { passive: false });

  // ---------------------------------------------------------------- keys

  const step = (dx, dy) => {
    const from = selected >= 0 ? [x(selected), y(selected)] : [width / 2, height / 2];
    if (selected < 0) return pick(nearest(...from, Infinity));
    let best = -1, least = Infinity;
    for (const widest of [1, 4]) { // first within 45 degrees, then nearly anywhere on that side
      for (let i = 0; i < count; i += 1) {
        if (!passes[i] || i === selected) continue;
        const [right, down] = [x(i) - from[0], y(i) - from[1]];
        const along = right * dx + down * dy, across = Math.abs(right * dy) + Math.abs(down * dx);
        if (along < 1e-3 || across > widest * along) continue;
        const cost = along + 2 * across;
        if (cost < least) [best, least] = [i, cost];
      }
      if (best >= 0) break;
    }
    return pick(best);
  };
  const pick = (i) => {
    if (i < 0) return;
    const [left, top] = [x(i), y(i)];
    if (left < 0 || top < 0 || left > width || top > height) {
      centre = [way.places[2 * i], way.places[2 * i + 1]];
      later(true);
    }
    select(i);
  };
  const again = () => (selected >= 0 ? hear(selected) : step(0, 0));
  const next = () => {
    if (selected < 0) return;
    const same = stack(selected);
    pick(same[(same.indexOf(selected) + 1) % same.length]);
  };
  const closer = (factor) => {
    const on = selected >= 0 ? [x(selected), y(selected)] : [width / 2, height / 2];
    zoomAt(...on, factor);
  };
  const keys = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    " ": again, Enter: again, n: next, m: mute,
    "+": () => closer(1.4), "=": () => closer(1.4), "-": () => closer(1 / 1.4), "−": () => closer(1 / 1.4), 0: whole,
  };
  field.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(keys, key)) return;
    event.preventDefault();
    keys[key]();
  });

  // ---------------------------------------------------------------- filters

  const valueAt = ({ variable }, share) => {
    const [least, most] = variable.range;
    return variable.log ? least * (most / least) ** share : least + share * (most - least);
  };
  const ranged = (variable) => {
    if (variable.range) return;
    if (variable.control) {
      variable.range = [0, 1];
      return;
    }
    let [least, most] = [Infinity, -Infinity];
    for (const value of variable.values) if (Number.isFinite(value)) [least, most] = [Math.min(least, value), Math.max(most, value)];
    variable.range = least <= most ? [least, most] : [0, 0];
    if (variable.log && least <= 0) variable.range[0] = Math.min(variable.low, most);
  };
  const sift = () => {
    passes.fill(1);
    for (const filter of filters) {
      // The ends of a slider are open: nothing is lost to rounding.
      const low = filter.from === 0 ? -Infinity : valueAt(filter, filter.from) - 1e-9;
      const high = filter.to === 1 ? Infinity : valueAt(filter, filter.to) + 1e-9;
      filter.variable.values.forEach((value, i) => { if (!(value >= low && value <= high)) passes[i] = 0; });
    }
    const passing = passes.reduce((sum, one) => sum + one, 0);
    part(".passing").textContent = `${passing.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} points`;
    listed = -2;
    list();
    later(true);
  };
  const addFilter = (variable) => {
    ranged(variable);
    const filter = { variable, from: 0, to: 1 };
    const line = make("div", "", "filter"), range = make("div", "", "range"), said = make("output");
    const name = make("b", variable.label);
    if (variable.kind !== "control") name.append(make("small", variable.kind === "mean" ? "mean" : "spread over time"));
    const hand = (which, word) => {
      const input = make("input");
      Object.assign(input, { type: "range", min: 0, max: STEPS, value: which === "from" ? 0 : STEPS });
      input.setAttribute("aria-label", `${variable.label}, ${word}`);
      input.addEventListener("input", () => {
        const share = Number(input.value) / STEPS;
        filter[which] = which === "from" ? Math.min(share, filter.to) : Math.max(share, filter.from);
        input.value = String(Math.round(filter[which] * STEPS));
        show();
        sift();
      });
      return input;
    };
    const inputs = [hand("from", "lowest"), hand("to", "highest")];
    const show = () => {
      const ends = [filter.from, filter.to].map((share) => sayOf(variable, valueAt(filter, share)));
      said.textContent = `${ends[0]} to ${ends[1]}`;
      inputs.forEach((input, k) => input.setAttribute("aria-valuetext", ends[k]));
      range.style.setProperty("--from", filter.from);
      range.style.setProperty("--to", filter.to);
      // Where both hands meet at the right end, the left one must be within reach.
      inputs[0].style.zIndex = filter.from > 0.5 ? "1" : "0";
    };
    range.append(...inputs);
    const remove = make("button", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove the filter by ${variable.label}`);
    remove.addEventListener("click", () => {
      filters = filters.filter((one) => one !== filter);
      line.remove();
      part(".add").focus();
      sift();
    });
    line.append(name, range, said, remove);
    part(".filter-rows").append(line);
    filters.push(filter);
    show();
    sift();
  };

  // ---------------------------------------------------------------- everything together

  const shownWay = (which) => {
    way = ways[which];
    root.querySelectorAll(".ways button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === which)));
    part(".meaning-of-places").textContent = way.note;
    listed = -2;
    list();
    whole();
  };
  root.querySelectorAll(".ways button").forEach((button, i) => button.addEventListener("click", () => shownWay(i)));
  const colour = part(".colour"), add = part(".add");
  const recolour = () => colourBy(variables[Number(colour.value)]);
  colour.addEventListener("change", recolour);
  add.append(new Option("choose…", ""), ...[...colour.children].map((group) => group.cloneNode(true)));
  add.value = "";
  add.addEventListener("change", () => {
    if (add.value) addFilter(variables[Number(add.value)]);
    add.value = "";
  });
  part(".zoom-in").addEventListener("click", () => closer(1.4));
  part(".zoom-out").addEventListener("click", () => closer(1 / 1.4));
  part(".whole").addEventListener("click", whole);
  part(".everything").addEventListener("toggle", () => { if (listed >= 0) listAll(listed); });
  part(".copy").disabled = true;
  part(".copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(preset(selected));
      part(".copied").textContent = "Copied: save it as a file and render it with tonewright render.";
    } catch {
      part(".copied").textContent = "The browser does not let this page copy: save the preset instead.";
    }
  });
  if (data.sound) {
    part(".hear").disabled = true;
    part(".hear").addEventListener("click", again);
    part(".volume").addEventListener("input", turn);
    part(".mute").addEventListener("click", mute);
    turn();
  }

  root.hidden = false;
  const resize = () => {
    const box = ground.getBoundingClientRect();
    [width, height, ratio] = [box.width, box.height, Math.min(window.devicePixelRatio || 1, 2)];
    for (const canvas of [field, marks]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    discs = null;
    recolour();
  };
  new ResizeObserver(resize).observe(ground);
  resize();
  shownWay(0);
  sift();
  root.dataset.ready = "";
})();
