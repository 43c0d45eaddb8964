// The YAML of a dialog: a mistake leads to its line, from this page or from another one.

const source = document.getElementById("source");

function show(line) {
  const lines = source.value.split("\n");
  const start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
  source.focus();
  source.setSelectionRange(start, start + (lines[line] ?? "").length);
  source.scrollTop = (source.scrollHeight / lines.length) * Math.max(line - 5, 0);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link) return;
  event.preventDefault();
  show(Number(link.dataset.line) - 1);
});

const asked = location.hash.match(/^#line-(\d+)$/);
if (asked) show(Number(asked[1]) - 1);
