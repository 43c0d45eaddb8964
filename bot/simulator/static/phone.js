// The page: a clock, two phones, and a line on which the carrier tells what happens.

import { get, watch } from "./carrier.js";
import { start } from "./clock.js";
import { Handset } from "./handset.js";
import { language } from "./words.js";

const known = await get("/control/senders");
const phones = [0, 1].map((place) => new Handset(place, known));

document.getElementById("numbers").append(...known.handsets.map(({ name, number }) => new Option(name, number)));
document.querySelector("main").append(...phones.map((phone) => phone.root));
document.querySelector(`.languages [lang=${language}]`).setAttribute("aria-current", "true");

start(known.clock);
watch(
  ({ handset, text }) => phones.filter((phone) => phone.number === handset).forEach((phone) => phone.show(text)),
  () => phones.forEach((phone) => phone.refill()),
);
