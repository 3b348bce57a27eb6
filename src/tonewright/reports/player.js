"use strict";
(() => {
  // The sounds of a player always play together, sample for sample; what is heard is a matter of their gains.
  const CROSSFADE_S = 0.008, EDGE_S = 0.004, AHEAD_S = 0.02, STEP_S = 0.1;
  const AudioContext = window.AudioContext || window.webkitAudioContext;
  const players = [];
  let used = null; // the player that the keyboard speaks to as long as it is in view

  // Browsers allow only a few contexts: players of one sample rate share theirs.
  const contexts = new Map();
  const contextAt = (rate) => {
    if (!contexts.has(rate)) {
      try {
        contexts.set(rate, new AudioContext({ sampleRate: rate }));
      } catch {
        contexts.set(rate, new AudioContext());
      }
    }
    return contexts.get(rate);
  };

  const make = (root) => {
    const part = (selector) => root.querySelector(selector), parts = (selector) => [...root.querySelectorAll(selector)];
    const seek = part("input"), overlay = part(".overlay"), pictures = parts(".lane.picture");
    const seconds = Number(root.dataset.seconds), duration = Number(root.dataset.duration);
    const wavs = parts("audio").map((audio) => {
      const text = atob(audio.src.split(",")[1]);
      const bytes = new Uint8Array(text.length);
      // Uint8Array.from takes seconds for minutes of sound.
      for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
      return bytes;
    });
    const count = wavs.length;

    document.querySelectorAll(`a[data-player="${root.id}"]`).forEach((link) => {
      link.href = URL.createObjectURL(new Blob([wavs[link.dataset.sound]], { type: "audio/wav" }));
      link.hidden = false;
    });
    if (!AudioContext) return;

    const choices = parts(".segments button"), X = count; // a button for each sound, and one for X, the unknown
    let context = null, buffers = null, gains = null;
    let take = null; // what is sounding: { sources, gain, when, from }
    let position = 0, heard = 0, looped = true, loading = false;
    let blind = false, x = 0, answers = 0, right = 0;

    const load = async () => {
      context = contextAt(Number(root.dataset.rate));
      buffers = await Promise.all(wavs.map((wav) => context.decodeAudioData(wav.slice().buffer)));
      gains = buffers.map(() => context.createGain());
      gains.forEach((gain, i) => {
        gain.gain.value = i === audible() ? 1 : 0;
        gain.connect(context.destination);
      });
    };

    const audible = () => (heard === X ? x : heard);

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
        if (!gains) await load();
        await context.resume();
      } catch {
        withoutAudio();
        return;
      } finally {
        loading = false;
      }
      players.forEach((other) => other.silence());
      if (position >= seconds) position = 0;
      begin();
      show();
      requestAnimationFrame(follow);
      say(count > 1 ? `Playing ${name()}` : "Playing");
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
      say(name());
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
      else if (heard === X) choose(0);
      show();
    };

    const draw = () => {
      x = Math.floor(Math.random() * count);
      if (heard === X) choose(X);
    };

    const answer = (said) => {
      const correct = said === x;
      answers += 1;
      right += correct ? 1 : 0;
      part(".abx output").textContent =
        `${correct ? "Right" : "Wrong"}, X was ${choices[x].dataset.name}. ${right} of ${answers} right; ` +
        `guessing does as well in ${Math.round(100 * luck(right, answers))} % of cases. X is drawn anew.`;
      draw();
    };

    // Probability of at least k right guesses among n, each of as many sounds.
    const luck = (k, n) => {
      let ways = 1, sum = 0;
      for (let i = 0; i <= n; i += 1) {
        if (i >= k) sum += ways * (count - 1) ** (n - i) / count ** n;
        ways = (ways * (n - i)) / (i + 1);
      }
      return sum;
    };

    const name = () => choices[heard].querySelector("span").textContent;
    const say = (words) => { part(".status").textContent = words; };

    const place = () => {
      const at = now();
      overlay.style.setProperty("--at", at / duration);
      seek.value = String(Math.round((at / duration) * 1000));
      seek.setAttribute("aria-valuetext", `${at.toFixed(2)} of ${seconds.toFixed(2)} seconds`);
      part(".clock").textContent = `${at.toFixed(2)} / ${seconds.toFixed(2)} s`;
    };

    const show = () => {
      root.dataset.state = take ? "playing" : position > 0 ? "stopped" : "rewound";
      part(".play span").textContent = take ? "Stop" : "Play";
      part(".loop").setAttribute("aria-pressed", String(looped));
      choices.forEach((button, i) => button.setAttribute("aria-pressed", String(heard === i)));
      pictures.forEach((lane, i) => lane.classList.toggle("unheard", Boolean(take) && heard !== X && heard !== i));
      if (count > 1) {
        part(".blind").setAttribute("aria-expanded", String(blind));
        part(".abx").hidden = choices[X].hidden = !blind;
      }
      place();
    };

    const follow = () => {
      if (!take) return;
      place();
      requestAnimationFrame(follow);
    };

    const withoutAudio = () => {
      parts(".scripted").forEach((some) => { some.hidden = true; });
      delete root.dataset.ready;
      part(".fallback").hidden = false;
    };

    const toggle = () => (take ? stop() : play());
    const swap = () => choose(blind ? X : (heard + 1) % count);
    const keys = {
      " ": toggle, l: loop,
      ArrowLeft: () => go(now() - STEP_S), ArrowRight: () => go(now() + STEP_S), Home: () => go(0),
    };
    const onClick = (button, action) => button.addEventListener("click", (event) => {
      action();
      // A button clicked with the mouse gives the space bar back to play and stop.
      if (event.detail) button.blur();
    });

    onClick(part(".play"), toggle);
    onClick(part(".loop"), loop);
    choices.forEach((button, i) => {
      const action = i === X ? swap : () => choose(i);
      keys[button.dataset.key] = action;
      onClick(button, action);
    });
    if (count > 1) onClick(part(".blind"), test);
    parts(".abx button").forEach((button, i) => onClick(button, () => answer(i)));
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

    const made = { root, keys, silence: () => { if (take) stop(); } };
    for (const kind of ["pointerdown", "focusin"]) root.addEventListener(kind, () => { used = made; });
    players.push(made);
    parts(".scripted:not(.abx)").forEach((some) => { some.hidden = false; });
    part(".fallback").hidden = true;
    root.dataset.ready = "";
    show();
  };

  const inView = ({ root }) => {
    const box = root.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };

  document.querySelectorAll(".player").forEach(make);
  if (!players.length) return;
  used = players[0];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === " ") return;
    const { keys } = [used, ...players].find(inView) || used;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const onControl = event.target.closest("button, a, input, audio, pre");
    if (!keys[key] || (onControl && key.length > 1)) return;
    if (onControl && key === " " && !onControl.closest(".scrub")) return;
    event.preventDefault();
    keys[key]();
  });
})();
