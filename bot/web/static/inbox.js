// The inbox: news as it happens, drafts that are not lost, canned answers, and the keys.

const ASK_EVERY = 5000; // milliseconds, where no stream can be had
const TRY_AGAIN = 2000; // at first: the stream of the page before may not have been missed yet
const TRY_RARELY = 60000;
const news = () => document.body.dispatchEvent(new Event("news"));

// A stream says that there is news, not what. Without one, we ask for it all the same.
const watched = [...document.querySelectorAll("[data-live]")].pop(); // the thread, where one is read
let asking, stream;
let pause = TRY_AGAIN;
function listen() {
  stream = new EventSource(watched.dataset.live);
  stream.onopen = () => {
    clearInterval(asking);
    pause = TRY_AGAIN;
  };
  stream.onmessage = news;
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself
    clearInterval(asking);
    asking = setInterval(news, ASK_EVERY);
    setTimeout(listen, pause);
    pause = TRY_RARELY;
  };
}
if (watched) listen();
addEventListener("pagehide", () => stream?.close());
addEventListener("pageshow", (event) => event.persisted && watched && listen());

// The end of a thread is looked at when there is something new at the end.
document.body.addEventListener("htmx:after:swap", () => document.querySelector("#canned:not([hidden])") || keepAtEnd());
function keepAtEnd() {
  const frame = document.querySelector(".reading .thread-frame");
  if (frame && frame.scrollTop > -80) frame.scrollTop = 0;
}

const text = document.getElementById("text");
const kept = text && `parley.draft.${text.dataset.draft}`;
if (text) {
  const here = new URL(location);
  if (here.searchParams.has("sent")) {
    sessionStorage.removeItem(kept);
    here.searchParams.delete("sent");
    history.replaceState(null, "", here);
  }
  if (!text.value) text.value = sessionStorage.getItem(kept) ?? "";
  if (text.value) text.dispatchEvent(new Event("measure"));
  text.addEventListener("input", () => {
    sessionStorage.setItem(kept, text.value);
    offer();
  });
}

// A slash at the beginning offers canned answers; arrows walk through them.
const canned = document.getElementById("canned");
let fetched; // once, however fast the name is typed: whoever walks through the list must not lose their place
async function fetchCanned() {
  const answer = await fetch(text.dataset.canned, { headers: { "HX-Request": "true" } }).catch(() => undefined);
  if (answer?.ok) canned.innerHTML = await answer.text();
  else fetched = undefined;
}
async function offer() {
  await (text.value.startsWith("/") && (fetched ??= fetchCanned()));
  const slash = /^\/([\p{L}\p{N}_-]*)$/u.exec(text.value);
  canned.hidden = !slash;
  const all = [...canned.querySelectorAll("[data-name]")];
  if (slash) for (const one of all) one.hidden = !one.dataset.name.startsWith(slash[1].toLowerCase());
  const fitting = all.filter((one) => !one.hidden).length;
  document.getElementById("fitting").textContent = slash ? `${canned.ariaLabel}: ${fitting}` : ""; // for whoever does not see it
}
canned?.addEventListener("click", (event) => {
  const one = event.target.closest("[data-words]");
  if (!one) return;
  text.value = one.dataset.words;
  canned.hidden = true;
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

function step(by) {
  const links = [...document.querySelectorAll(".thread-list a")];
  const here = links.findIndex((link) => link.ariaCurrent);
  const next = links[here < 0 ? 0 : here + by];
  if (next) location.assign(next.href);
}

function walk(event) {
  const shown = [...canned.querySelectorAll("[data-name]:not([hidden])")];
  const here = shown.indexOf(document.activeElement);
  const to = event.key === "Escape" ? -1 : event.key === "ArrowDown" ? here + 1 : here - 1;
  (to < 0 ? text : (shown[to] ?? shown.at(-1) ?? text)).focus();
  if (event.key === "Escape") canned.hidden = true;
  event.preventDefault();
}

// Whoever speaks to their machine can switch the one key off that needs no other.
const single = document.querySelector("[data-single]");
single.checked = localStorage.getItem("parley.single") !== "off";
single.addEventListener("change", () => localStorage.setItem("parley.single", single.checked ? "on" : "off"));

// By where a key lies, not by what is printed on it: the same on AZERTY. `?` is a letter, wherever it lies.
document.addEventListener("keydown", (event) => {
  if (canned && !canned.hidden && ["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return walk(event);
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target === text) return text.form.requestSubmit();
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "?" && !typing && single.checked) return document.getElementById("keys").showModal();
  if (!event.altKey || event.ctrlKey || event.metaKey || !event.code.startsWith("Key")) return;
  const key = event.code.slice(3);
  const marked = document.querySelector(`[data-key="Alt+${key}"]`);
  if (key === "J" || key === "K") step(key === "J" ? 1 : -1);
  else if (key === "L" && text) text.focus();
  else if (marked) {
    marked.click();
    if (marked.matches("summary")) marked.parentElement.querySelector("textarea, button")?.focus();
  } else return;
  event.preventDefault();
});
