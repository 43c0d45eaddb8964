// The words of a campaign: tags put where one writes, dear characters replaced at a click.

const texts = [...document.querySelectorAll("#campaign textarea")];
let writing = texts[0]; // the text that was written in last
for (const text of texts) text.addEventListener("focus", () => (writing = text));

function change(text, words) {
  text.value = words;
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", ({ target }) => {
  const chip = target.closest("[data-insert], [data-replace], [data-replace-all]");
  if (!chip) return;
  if (chip.dataset.insert) {
    writing.setRangeText(chip.dataset.insert, writing.selectionStart, writing.selectionEnd, "end");
    writing.focus();
    return change(writing, writing.value);
  }
  const text = document.getElementById(chip.dataset.in);
  const chips = "replaceAll" in chip.dataset ? chip.parentElement.querySelectorAll("[data-replace]") : [chip];
  let words = text.value;
  for (const { dataset } of chips) words = words.replaceAll(dataset.replace, dataset.with);
  change(text, words);
  text.focus();
});
