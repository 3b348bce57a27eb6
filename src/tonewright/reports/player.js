
"use strict";
(() => {
  // Both sounds always play together, sample for sample; what is heard is a matter of their gains.
  const CROSSFADE_S = 0.008, EDGE_S = 0.004, AHEAD_S = 0.02, STEP_S = 0.1;
  const AudioContext = window.AudioContext || window.webkitAudioContext;
  const byId = (id) => document.getElementById(id);
  const player = byId("player"), seek = byId("seek"), overlay = player.querySelector(".overlay");
  const seconds = Number(player.dataset.seconds), duration = Number(player.dataset.duration);
  const wavs = ["target", "match"].map((id) => {
    const bytes = atob(byId(id).src.split(",")[1]);
    return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  });

  ["target", "match"].forEach((id, i) => {
    byId("save-" + id).href = URL.createObjectURL(new Blob([wavs[i]], { type: "audio/wav" }));
    byId("save-" + id).hidden = false;
  });
  if (!AudioContext) return;

  let context = null, buffers = null, gains = null;
  let take = null; // what is sounding: { sources, gain, when, from }
  let position = 0, heard = "a", looped = true, loading = false;
  let blind = false, x = "a", answers = 0, right = 0;

  const load = async () => {
    try {
      context = new AudioContext({ sampleRate: Number(player.dataset.rate) });
    } catch {
      context = new AudioContext();
    }
    buffers = await Promise.all(wavs.map((wav) => context.decodeAudioData(wav.slice().buffer)));
    gains = buffers.map(() => context.createGain());
    gains.forEach((gain, i) => {
      gain.gain.value = i === audible() ? 1 : 0;
      gain.connect(context.destination);
    });
  };

  const audible = () => ((heard === "x" ? x : heard) === "b" ? 1 : 0);

  const now = () => {
    if (!take) return position;
    const played = Math.max(0, context.currentTime - (context.outputLatency || 0) - take.when) + take.from;
    return looped ? played % seconds : Math.min(played, seconds);
  };

  const begin = () => {
    const when = context.currentTime + AHEAD_S;
    const gain = buffers.map((_, i) => {
      const edge = context.createGain();
      edge.gain.setValueAtTime(position > 0 ? 0 : 1, when);
      edge.gain.linearRampToValueAtTime(1, when + EDGE_S);
      edge.connect(gains[i]);
      return edge;
    });
    const sources = buffers.map((buffer, i) => {
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.loop = looped;
      source.connect(gain[i]);
      source.start(when, position);
      return source;
    });
    const started = { sources, gain, when, from: position };
    sources[0].onended = () => {
      if (take === started) stop(0);
    };
    take = started;
  };

  const end = () => {
    if (!take) return;
    const ending = take, at = context.currentTime;
    take = null;
    ending.gain.forEach((edge) => {
      edge.gain.cancelScheduledValues(at);
      edge.gain.setValueAtTime(edge.gain.value, at);
      edge.gain.linearRampToValueAtTime(0, at + EDGE_S);
    });
    ending.sources.forEach((source) => source.stop(at + 2 * EDGE_S));
  };

  const play = async () => {
    if (take || loading) return;
    loading = true;
    try {
      if (!context) await load();
      await context.resume();
    } catch {
      withoutAudio();
      return;
    } finally {
      loading = false;
    }
    if (position >= seconds) position = 0;
    begin();
    show();
    requestAnimationFrame(follow);
    say("Playing " + names()[heard]);
  };

  const stop = (at = now()) => {
    end();
    position = at;
    show();
    say("Stopped");
  };

  const go = (to) => {
    const sounding = Boolean(take);
    end();
    position = Math.min(Math.max(to, 0), seconds);
    if (sounding && position < seconds) begin();
    show();
  };

  const choose = (which) => {
    heard = which;
    const at = context ? context.currentTime : 0;
    (gains || []).forEach((gain, i) => {
      gain.gain.cancelScheduledValues(at);
      gain.gain.setValueAtTime(gain.gain.value, at);
      gain.gain.linearRampToValueAtTime(i === audible() ? 1 : 0, at + CROSSFADE_S);
    });
    show();
    say(names()[which]);
  };

  const loop = () => {
    if (take) {
      // Counted anew from here, or the clock would jump by the rounds already played.
      Object.assign(take, { from: now(), when: context.currentTime - (context.outputLatency || 0) });
      take.sources.forEach((source) => { source.loop = !looped; });
    }
    looped = !looped;
    show();
  };

  const test = () => {
    blind = !blind;
    if (blind) draw();
    else if (heard === "x") choose("a");
    show();
  };

  const draw = () => {
    x = Math.random() < 0.5 ? "a" : "b";
    if (heard === "x") choose("x");
  };

  const answer = (said) => {
    const correct = said === x;
    answers += 1;
    right += correct ? 1 : 0;
    byId("abx-score").textContent =
      `${correct ? "Right" : "Wrong"}, X was the ${names()[x]}. ${right} of ${answers} right; ` +
      `guessing does as well in ${Math.round(100 * luck(right, answers))} % of cases. X is drawn anew.`;
    draw();
  };

  // Probability of at least k heads in n throws of a fair coin.
  const luck = (k, n) => {
    let ways = 1, sum = 0;
    for (let i = 0; i <= n; i += 1) {
      if (i >= k) sum += ways;
      ways = (ways * (n - i)) / (i + 1);
    }
    return sum / 2 ** n;
  };

  const names = () => ({ a: "target", b: "match", x: "unknown" });
  const say = (words) => { byId("status").textContent = words; };

  const place = () => {
    const at = now();
    overlay.style.setProperty("--at", at / duration);
    seek.value = String(Math.round((at / duration) * 1000));
    seek.setAttribute("aria-valuetext", `${at.toFixed(2)} of ${seconds.toFixed(2)} seconds`);
    byId("clock").textContent = `${at.toFixed(2)} / ${seconds.toFixed(2)} s`;
  };

  const show = () => {
    player.dataset.state = take ? "playing" : position > 0 ? "stopped" : "rewound";
    player.dataset.heard = heard;
    byId("play-word").textContent = take ? "Stop" : "Play";
    ["a", "b", "x"].forEach((which) => byId("hear-" + which).setAttribute("aria-pressed", String(heard === which)));
    byId("loop").setAttribute("aria-pressed", String(looped));
    byId("blind").setAttribute("aria-expanded", String(blind));
    byId("abx").hidden = byId("hear-x").hidden = !blind;
    place();
  };

  const follow = () => {
    if (!take) return;
    place();
    requestAnimationFrame(follow);
  };

  const withoutAudio = () => {
    document.querySelectorAll("#player .scripted").forEach((part) => { part.hidden = true; });
    delete player.dataset.ready;
    byId("fallback").hidden = false;
  };

  const toggle = () => (take ? stop() : play());
  const swap = () => choose(blind ? "x" : heard === "a" ? "b" : "a");
  const keys = {
    " ": toggle, a: () => choose("a"), b: () => choose("b"), x: swap, l: loop,
    ArrowLeft: () => go(now() - STEP_S), ArrowRight: () => go(now() + STEP_S), Home: () => go(0),
  };
  const clicks = {
    play: toggle, "hear-a": keys.a, "hear-b": keys.b, "hear-x": swap, loop, blind: test,
    "x-is-a": () => answer("a"), "x-is-b": () => answer("b"),
  };

  for (const [id, action] of Object.entries(clicks)) {
    byId(id).addEventListener("click", (event) => {
      action();
      // A button clicked with the mouse gives the space bar back to play and stop.
      if (event.detail) byId(id).blur();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === " ") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const onControl = event.target.closest("button, a, input, audio, pre");
    if (!keys[key] || (onControl && key.length > 1) || (onControl && key === " " && onControl !== seek)) return;
    event.preventDefault();
    keys[key]();
  });
  seek.addEventListener("input", () => go((Number(seek.value) / 1000) * duration));
  const point = (event) => {
    const box = overlay.getBoundingClientRect();
    go(((event.clientX - box.left) / box.width) * duration);
  };
  overlay.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "mouse") overlay.setPointerCapture(event.pointerId);
    point(event);
  });
  overlay.addEventListener("pointermove", (event) => {
    if (overlay.hasPointerCapture(event.pointerId)) point(event);
  });

  document.querySelectorAll("#player .scripted:not(.abx)").forEach((part) => { part.hidden = false; });
  byId("fallback").hidden = true;
  player.dataset.ready = "";
  show();
})();
