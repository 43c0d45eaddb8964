// One text on a screen: its words, and when, how and how far it went. Words are only ever set as text.

import { clock, say, size } from "./words.js";

const LINK = /(https?:\/\/[^\s<>"]+)/;

export function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// `other` names the number at the other end, where that is not plain.
export function bubble(text, other) {
  const side = text.direction === "inbound" ? "mine" : "theirs";
  const item = element("li", `text ${side} by-${text.origin}`);
  item.dataset.n = text.n;
  const body = element("p", "bubble");
  body.append(...linked(text.body), ...text.media.map((address, place) => picture(text, address, place)));
  item.append(body, meta(text, text.origin === "carrier" ? say("carrier") : other));
  return item;
}

function meta(text, who) {
  const made = element("small", "meta");
  const time = element("time", "", clock(new Date(text.at)));
  time.dateTime = text.at;
  const status = element("span", `state ${text.status}`, say(`status_${text.status}`));
  made.append(time, ` · ${who ? `${size(text)} · ${who}` : size(text)} · `, status);
  return made;
}

// Addresses in a text can be followed; the page fetches nothing from them itself.
function linked(body) {
  return body.split(LINK).map((piece, place) => (place % 2 ? link(piece) : piece));
}

function link(address) {
  const made = element("a", "", address);
  Object.assign(made, { href: address, target: "_blank", rel: "noopener noreferrer" });
  return made;
}

// A picture as the carrier has it; one that it cannot get is only named.
function picture({ sid }, address, place) {
  const shown = element("img", "shown");
  Object.assign(shown, { alt: say("picture_alt", { number: place + 1 }), src: `/control/media/${sid}/${place}` });
  shown.onerror = () => {
    const frame = element("span", "thumbnail");
    frame.append(/^https?:/.test(address) ? link(address) : address);
    shown.replaceWith(frame);
  };
  return shown;
}
