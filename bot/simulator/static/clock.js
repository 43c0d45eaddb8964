// The shop's time: shown, and made to jump.

import { post } from "./carrier.js";
import { clock, instant, say } from "./words.js";

const SECONDS = { s: 1, m: 60, min: 60, h: 3600, d: 86400, j: 86400 };
const LONGEST_JUMP = 366 * SECONDS.d; // what the shop allows at a time
const bar = document.querySelector(".clock");
const error = bar.querySelector(".error");
let ahead = 0;

// "1d 12h" → seconds; null when it is not a length of time.
export function seconds(text) {
  const found = [...text.toLowerCase().matchAll(/(\d+(?:[.,]\d+)?)\s*(min|[smhdj])/g)];
  const rest = found.reduce((left, [whole]) => left.replace(whole, ""), text.toLowerCase()).trim();
  if (!found.length || rest) return null;
  return Math.round(found.reduce((sum, [, n, unit]) => sum + Number(n.replace(",", ".")) * SECONDS[unit], 0));
}

async function jump(text) {
  const by = seconds(text);
  const refused = by === null ? say("jump_wrong") : by > LONGEST_JUMP ? say("jump_far") : null;
  const answer = refused ? { error: refused } : await post("/control/clock", { seconds: by });
  const wrong = !answer.now;
  error.textContent = wrong ? answer.error ?? say("offline") : "";
  if (wrong) return false;
  ahead = new Date(answer.now) - Date.now();
  tick();
  return true;
}

function tick() {
  const now = new Date(Date.now() + ahead);
  const time = bar.querySelector("time");
  time.textContent = instant(now);
  time.dateTime = now.toISOString();
  for (const mini of document.querySelectorAll(".mini-clock")) mini.textContent = clock(now);
}

export function start(movable) {
  bar.hidden = !movable;
  setInterval(tick, 1000);
  tick();
  if (!movable) return;
  jump("0s");
  const form = bar.querySelector("form");
  for (const button of bar.querySelectorAll("[data-jump]")) button.onclick = () => jump(button.dataset.jump);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const field = form.elements.by;
    const done = await jump(field.value);
    field.setAttribute("aria-invalid", String(!done));
    if (done) {
      field.value = "";
      field.removeAttribute("aria-invalid");
    }
  };
}
