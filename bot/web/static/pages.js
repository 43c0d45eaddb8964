// What pages do by themselves: dialogs that ask before something is done, and words that go away once they are read.

const SHOWN_FOR = 6000; // milliseconds

document.addEventListener("click", (event) => {
  const asks = event.target.closest("[data-ask]");
  if (asks) document.getElementById(asks.dataset.ask).showModal();
  const closes = event.target.closest("[data-close]");
  if (closes) closes.closest("dialog").close();
});

// What asks for news by itself waits while somebody is asked something: it would be taken from under their hands.
document.addEventListener("htmx:before:request", (event) => {
  if (event.target.matches('[hx-trigger^="every"]') && document.querySelector("dialog[open]")) event.preventDefault();
});

document.querySelectorAll("dialog[data-open]").forEach((dialog) => dialog.showModal());

// While somebody is still looking for others, nothing is done with those who are shown.
document.querySelector("form.search")?.addEventListener("input", () => {
  document.querySelector("#found .foot")?.setAttribute("inert", "");
});

// The menu of a phone closes when one goes elsewhere with the keyboard.
const more = document.querySelector(".menu .more");
more?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") more.open = false;
});

const said = document.querySelector(".toast p");
if (said) setTimeout(() => said.remove(), SHOWN_FOR);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.classList.add("done");
});

// What has just been added to a form is what one fills in next: once, whatever else is drawn anew later.
document.addEventListener("htmx:after:swap", () => {
  const added = document.querySelector("[data-added]");
  added?.removeAttribute("data-added");
  added?.focus();
});

// Ticking all rows of a page at once.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  event.target.form.querySelectorAll("[name=id]").forEach((one) => (one.checked = event.target.checked));
});

// A file that is too large is told before it is sent.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.most) return;
  const tooLarge = target.files[0]?.size > Number(target.dataset.most);
  target.setCustomValidity(tooLarge ? target.dataset.tooLarge : "");
  target.reportValidity();
});

// A form that is on its way is not sent twice by a second click; what was typed into a long one is not lost by a wrong click.
const TWICE = 2000; // milliseconds
const sent = new WeakMap();
const unsent = new Set();
document.addEventListener("input", ({ target }) => {
  if (target.form?.matches("[data-long]")) unsent.add(target.form);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  unsent.clear();
  if (Date.now() - (sent.get(event.target) ?? -TWICE) < TWICE) event.preventDefault();
  else sent.set(event.target, Date.now());
});
window.addEventListener("beforeunload", (event) => {
  if (unsent.size) event.preventDefault();
});

// What was being written is nobody's business once they have gone.
document.querySelector('form[action$="/sign-out"]')?.addEventListener("submit", () => sessionStorage.clear());
