// The words of a campaign: tags put where one writes, dear characters replaced at a click. Each can be undone as if it were typed.

const GAP = "..."; // in a tag, what is to be said to those of whom nothing is known

const texts = [...document.querySelectorAll("#campaign textarea")];
let writing = texts[0]; // the text that was written in last
for (const text of texts) text.addEventListener("focus", () => (writing = text));

function type(text, words, from, to) {
  text.focus();
  text.setSelectionRange(from, to);
  document.execCommand("insertText", false, words); // the only way that Ctrl+Z knows of
}

document.addEventListener("click", ({ target }) => {
  const chip = target.closest("[data-insert], [data-replace], [data-replace-all]");
  if (!chip) return;
  if (chip.dataset.insert) {
    const from = writing.selectionStart;
    type(writing, chip.dataset.insert, from, writing.selectionEnd);
    const gap = chip.dataset.insert.indexOf(GAP);
    if (gap >= 0) writing.setSelectionRange(from + gap, from + gap + GAP.length);
    return;
  }
  const text = document.getElementById(chip.dataset.in);
  const chips = "replaceAll" in chip.dataset ? chip.parentElement.querySelectorAll("[data-replace]") : [chip];
  let words = text.value;
  for (const { dataset } of chips) words = words.replaceAll(dataset.replace, dataset.with);
  type(text, words, 0, text.value.length);
});
