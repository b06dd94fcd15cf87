// A comparison's tables sort at a press on a heading, its check boxes can be set all at once, its pictures can be enlarged.

// Numbers by size, words by the alphabet; a missing value has no order and comes last either way.
function compare(a, b, sign) {
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  const difference = Number(a) - Number(b);
  return sign * (Number.isNaN(difference) ? a.localeCompare(b, "en", { numeric: true }) : difference);
}

function sort(table, heading) {
  const column = heading.cellIndex;
  const before = heading.getAttribute("aria-sort");
  const isFalling = before ? before === "ascending" : "falling" in heading.dataset;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", isFalling ? "descending" : "ascending");
  const order = (row) => row.cells[column].dataset.order;
  const rows = [...table.tBodies[0].rows].sort((a, b) => compare(order(a), order(b), isFalling ? -1 : 1));
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading));
    heading.append(button);
  }
}

for (const button of document.querySelectorAll("[data-choose]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const checked = button.dataset.choose === "all";
    for (const box of document.querySelectorAll("input[data-group]")) {
      if (box.checked === checked) continue;
      box.checked = checked;
      box.dispatchEvent(new Event("change"));
    }
  });
}

const dialog = document.getElementById("enlarged");
const pictures = [...document.querySelectorAll("[data-enlarge]")];
let at = 0;

function show(index) {
  at = (index + pictures.length) % pictures.length;
  const small = pictures[at].querySelector("img");
  const large = dialog.querySelector("img");
  large.src = small.src;
  large.alt = small.alt;
  large.style.aspectRatio = `${small.getAttribute("width")} / ${small.getAttribute("height")}`;
  dialog.style.setProperty("--ratio", small.getAttribute("width") / small.getAttribute("height"));
  dialog.querySelector("p").textContent = pictures[at].dataset.enlarge;
}

pictures.forEach((button, index) =>
  button.addEventListener("click", () => {
    show(index);
    dialog.showModal();
  }),
);
dialog?.addEventListener("click", ({ target }) => {
  const step = target.dataset?.step;
  if (step === "0" || step === undefined && target === dialog) dialog.close();
  else if (step) show(at + Number(step));
});
dialog?.addEventListener("keydown", ({ key }) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (step) show(at + step);
});
