// The YAML of a dialog: a mistake leads to its line.

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-line]");
  const source = document.getElementById("source");
  if (!button || !source) return;
  const lines = source.value.split("\n");
  const line = Number(button.dataset.line) - 1;
  const start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
  source.focus();
  source.setSelectionRange(start, start + (lines[line] ?? "").length);
  source.scrollTop = (source.scrollHeight / lines.length) * Math.max(line - 5, 0);
});
