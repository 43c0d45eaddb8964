// One phone: who holds it, whom it texts, what is on its screen, what is being typed.

import { bubble, element } from "./bubble.js";
import { get, post } from "./carrier.js";
import { date, say, size } from "./words.js";

const LARGEST_PICTURE = 5_000_000; // bytes
const E164 = /^\+[1-9]\d{6,14}$/;

export class Handset {
  constructor(place, { handsets, senders }) {
    const root = document.getElementById("handset").content.cloneNode(true).firstElementChild;
    this.$ = (selector) => root.querySelector(selector);
    this.names = new Map(handsets.map(({ number, name }) => [number, name]));
    this.senders = new Map(senders.map((sender) => [sender.number, sender]));
    this.root = root;
    this.$("select").append(...senders.map((sender) => new Option(sender.name || sender.number, sender.number)));
    const owner = handsets[place];
    this.$(".number").value = owner?.number ?? "";
    // Who lives where one of the senders is at home texts that one.
    const home = senders.find((sender) => sender.country && sender.country === owner?.country);
    if (home) this.$("select").value = home.number;
    this.listen();
    this.pick();
  }

  get number() {
    return this.$(".number").value.replace(/[\s().-]/g, "");
  }

  listen() {
    const [number, select, text] = [this.$(".number"), this.$("select"), this.$("textarea")];
    number.onchange = () => this.pick();
    number.onfocus = () => number.select();
    select.onchange = () => this.pick();
    text.oninput = () => this.typed();
    text.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    };
    const file = this.$(".file");
    this.$(".attach").onclick = () => (this.picture ? this.attach(null) : file.click());
    file.onchange = () => this.attach(file.files[0]);
    this.$("form").onsubmit = (event) => {
      event.preventDefault();
      this.send();
    };
  }

  // Take the phone of whoever's number is in the field.
  async pick() {
    const name = this.names.get(this.number) || say("someone");
    this.$("h2").textContent = name;
    this.$(".face").textContent = [...name][0];
    this.root.setAttribute("aria-label", `${say("handset")} · ${name}`);
    this.hint();
    await this.refill();
  }

  async refill() {
    const number = this.number;
    const { texts } = E164.test(number) ? await get(`/control/handsets/${encodeURIComponent(number)}`) : { texts: [] };
    if (number !== this.number) return;
    this.$("ol").replaceChildren();
    this.day = null;
    for (const text of texts) this.show(text);
    this.$(".empty").hidden = texts.length > 0;
  }

  hint() {
    const words = this.senders.get(this.$("select").value)?.hint ?? [];
    this.$(".hints").replaceChildren(
      ...words.map((word) => {
        const chip = element("button", "soft", say("hint", { word }));
        chip.type = "button";
        chip.onclick = () => this.compose(word);
        return chip;
      }),
    );
  }

  compose(body) {
    this.$("textarea").value = body;
    this.$("textarea").focus();
    this.typed();
  }

  // Put a text on the screen, or renew it when its status changed.
  show(text) {
    const other = text.direction === "inbound" ? text.to : text.from;
    const item = bubble(text, other === this.$("select").value ? null : this.known(other));
    const old = this.$(`[data-n="${text.n}"]`);
    if (old) return old.replaceWith(item);
    const [screen, day] = [this.$(".screen"), date(new Date(text.at))];
    if (day !== this.day) this.$("ol").append(element("li", "day", (this.day = day)));
    this.$("ol").append(item);
    this.$(".empty").hidden = true;
    screen.scrollTop = screen.scrollHeight;
  }

  known(number) {
    return this.senders.get(number)?.name || number;
  }

  // Put a picture beside what is typed; null takes it away.
  async attach(file) {
    this.complain(file?.size > LARGEST_PICTURE ? say("picture_large") : "");
    this.picture = file && file.size <= LARGEST_PICTURE ? await dataOf(file) : null;
    const shown = this.$(".picture");
    shown.hidden = !this.picture;
    if (this.picture) Object.assign(shown, { src: this.picture, alt: file.name });
    else shown.removeAttribute("src");
    this.$(".file").value = "";
    const label = say(this.picture ? "picture_off" : "picture");
    Object.assign(this.$(".attach"), { title: label, ariaLabel: label, ariaPressed: String(Boolean(this.picture)) });
  }

  async typed() {
    const text = this.$("textarea");
    text.rows = Math.min(text.value.split("\n").length + Math.floor(text.value.length / 34), 6);
    this.complain("");
    const body = text.value;
    const measured = body ? await post("/control/measure", { body }) : null;
    if (body === text.value) this.$(".size").textContent = measured?.parts ? size(measured) : "";
  }

  complain(words) {
    this.$(".composer .error").textContent = words;
  }

  async send() {
    const field = this.$("textarea");
    const [body, media] = [field.value, this.picture ? [this.picture] : []];
    if (!body.trim() && !media.length) return;
    if (!E164.test(this.number)) return this.complain(say("number_wrong"));
    field.value = "";
    this.attach(null);
    this.typed();
    const answer = await post("/control/text", { from: this.number, to: this.$("select").value, body, media });
    const last = answer.attempts?.at(-1);
    if (last?.error) this.complain(say("shop_silent", { error: last.error }));
    else if (!answer.sid) this.complain(answer.error ?? say("offline"));
  }
}

function dataOf(file) {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(file);
  });
}
