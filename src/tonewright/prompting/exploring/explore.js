"use strict";
(() => {
  const EDGE_S = 0.008, AHEAD_S = 0.02;
  const root = document.querySelector(".explore");
  const { points, steps, seconds } = JSON.parse(document.getElementById("explore-data").textContent);
  const part = (selector) => root.querySelector(selector), dots = [...root.querySelectorAll(".dot")];
  const AudioContext = window.AudioContext || window.webkitAudioContext;
  const buffers = new Map();
  let context = null, chosen = 0, take = null, looped = true, walking = false, asked = 0;

  const bytesOf = (point) => Uint8Array.from(atob(point.flac), (sign) => sign.charCodeAt(0));
  const say = (words) => { part(".said").textContent = words; };

  const bufferOf = async (number) => {
    if (!context) context = new AudioContext({ sampleRate: 44100 });
    if (!buffers.has(number)) buffers.set(number, await context.decodeAudioData(bytesOf(points[number]).buffer));
    return buffers.get(number);
  };

  const end = () => {
    asked += 1; // what is still being decoded is not played any more
    if (!take) return;
    const { source, gain } = take, at = context.currentTime;
    take = null;
    gain.gain.cancelScheduledValues(at);
    gain.gain.setValueAtTime(gain.gain.value, at);
    gain.gain.linearRampToValueAtTime(0, at + EDGE_S);
    source.stop(at + 2 * EDGE_S);
  };

  const play = async (from = 0) => {
    end();
    const mine = asked, number = chosen;
    if (points[number].fault) { show(); return; }
    let buffer = null;
    try {
      buffer = await bufferOf(number);
      await context.resume();
    } catch {
      say("This browser cannot play the sounds.");
      return;
    }
    if (mine !== asked) return;
    const source = context.createBufferSource(), gain = context.createGain(), when = context.currentTime + AHEAD_S;
    source.buffer = buffer;
    source.loop = looped && !walking;
    gain.gain.setValueAtTime(from ? 0 : 1, when);
    gain.gain.linearRampToValueAtTime(1, when + EDGE_S);
    source.connect(gain).connect(context.destination);
    source.start(when, from);
    const started = { source, gain, when, from };
    source.onended = () => {
      if (take !== started) return;
      take = null;
      next();
    };
    take = started;
    dots[number].classList.add("heard");
    show();
    say(`Playing ${points[number].title}`);
    requestAnimationFrame(follow);
  };

  // What a walk plays after the sound that has ended: the next step that there is.
  const next = () => {
    let number = chosen + 1;
    while (number < steps && points[number].fault) number += 1;
    if (walking && chosen < steps && number < steps) {
      chosen = number;
      play();
    } else {
      walking = false;
      show();
    }
  };

  const stop = () => { end(); walking = false; show(); say("Stopped"); };
  const toggle = () => (take ? stop() : play());
  const choose = (number) => { walking = false; chosen = number; play(); };
  const walk = () => {
    if (walking) { stop(); return; }
    chosen = Math.max(0, points.findIndex((point) => !point.fault));
    if (chosen >= steps) return;
    walking = true;
    play();
  };
  const loop = () => {
    if (take) {
      Object.assign(take, { from: now(), when: context.currentTime });
      take.source.loop = !looped && !walking;
    }
    looped = !looped;
    show();
  };

  const now = () => {
    if (!take) return 0;
    const at = Math.max(0, context.currentTime - take.when) + take.from;
    return take.source.loop ? at % seconds : Math.min(at, seconds);
  };
  const place = () => {
    part(".shown").style.setProperty("--at", now() / seconds);
    part(".clock").textContent = `${now().toFixed(2)} / ${seconds.toFixed(2)} s`;
  };
  const follow = () => {
    place();
    if (take) requestAnimationFrame(follow);
  };

  let shown = -1, saved = "";
  const showPoint = () => {
    if (shown === chosen) return;
    shown = chosen;
    const point = points[chosen];
    part(".which").textContent = point.title;
    part(".picture").src = point.picture;
    part(".picture").alt = `Spectrogram of ${point.title}`;
    part(".shown").hidden = Boolean(point.fault);
    part(".fault").hidden = !point.fault;
    part(".fault").textContent = point.fault && `It failed: ${point.fault}.`;
    part(".recipe").replaceChildren(...point.facts.map(([name, value]) => {
      const row = document.createElement("div");
      for (const [kind, text] of [["dt", name], ["dd", value]]) {
        row.append(Object.assign(document.createElement(kind), { textContent: text }));
      }
      return row;
    }));
    if (saved) URL.revokeObjectURL(saved);
    saved = point.fault ? "" : URL.createObjectURL(new Blob([bytesOf(point)], { type: "audio/flac" }));
    const save = part(".save");
    save.hidden = !saved;
    save.href = saved;
    save.download = `${point.title.toLowerCase().replaceAll(" ", "-")}.flac`;
  };

  const show = () => {
    showPoint();
    dots.forEach((dot, number) => dot.setAttribute("aria-pressed", String(number === chosen)));
    part(".play span").textContent = take ? "Stop" : "Play";
    part(".play").disabled = Boolean(points[chosen].fault);
    part(".loop").setAttribute("aria-pressed", String(looped));
    part(".walk").setAttribute("aria-pressed", String(walking));
    place();
  };

  const onClick = (button, action) => button.addEventListener("click", (event) => {
    action();
    // A button clicked with the mouse gives the space bar back to play and stop.
    if (event.detail) button.blur();
  });
  dots.forEach((dot, number) => onClick(dot, () => choose(number)));
  onClick(part(".play"), toggle);
  onClick(part(".walk"), walk);
  onClick(part(".loop"), loop);
  part(".shown").addEventListener("click", (event) => {
    const box = part(".shown").getBoundingClientRect();
    play(((event.clientX - box.left) / box.width) * seconds);
  });

  const step = (by) => () => choose(Math.min(Math.max(chosen < steps ? chosen + by : 0, 0), steps - 1));
  const keys = { " ": toggle, l: loop, w: walk, ArrowLeft: step(-1), ArrowRight: step(1) };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.repeat && event.key === " ")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!keys[key] || (key === " " && event.target.closest("button, a"))) return;
    event.preventDefault();
    keys[key]();
  });

  root.hidden = false;
  show();
})();
