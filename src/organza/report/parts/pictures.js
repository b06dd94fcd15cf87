// Two pictures of a case, one over the other, with a line between them that can be dragged.

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function choice(text, titles, chosen, changed) {
  const select = make("select");
  titles.forEach((title, index) => select.append(make("option", { value: index, textContent: title, selected: index === chosen })));
  select.addEventListener("change", () => changed(Number(select.value)));
  return make("label", {}, text, select);
}

for (const over of document.querySelectorAll("[data-over]")) {
  const figures = [...over.parentElement.querySelectorAll(".columns figure")];
  if (figures.length < 2) continue;
  const titles = figures.map((figure) => figure.dataset.title);
  const originals = figures.map((figure) => figure.querySelector("img"));
  const stack = make("div", { className: "stack" });
  const [second, first] = [make("img"), make("img", { className: "first" })];
  const [left, right] = [make("span", { className: "label" }), make("span", { className: "label right" })];
  const line = make("input", { type: "range", min: 0, max: 100, step: 0.5, value: 50 });
  line.setAttribute("aria-label", `Line between the two pictures of ${over.dataset.name}`);

  const move = (share) => {
    line.value = share;
    stack.style.setProperty("--split", `${line.value}%`);
    line.style.setProperty("--done", line.value / 100);
    line.setAttribute("aria-valuetext", `${Math.round(line.value)} % ${left.textContent}`);
  };
  const show = (image, label, index) => {
    image.src = originals[index].src;
    image.alt = originals[index].alt;
    label.textContent = titles[index];
    move(line.value);
  };
  const at = (event) => {
    const box = stack.getBoundingClientRect();
    move((100 * (event.clientX - box.left)) / box.width);
  };

  for (const image of [first, second]) image.draggable = false;
  stack.append(second, first, make("div", { className: "edge" }), left, right);
  const [width, height] = ["width", "height"].map((side) => Number(originals[0].getAttribute(side)));
  // Small pictures are enlarged until they can be looked at, their pixels kept as they are.
  const scale = Math.max(1, Math.min(640 / width, 480 / height));
  stack.classList.toggle("enlarged", scale > 1.5);
  stack.style.width = `${Math.round(width * scale)}px`;
  stack.style.maxWidth = "100%";
  stack.style.aspectRatio = `${width} / ${height}`;
  stack.addEventListener("pointerdown", (event) => {
    stack.setPointerCapture(event.pointerId);
    at(event);
  });
  stack.addEventListener("pointermove", (event) => event.buttons && at(event));
  line.addEventListener("input", () => move(line.value));
  show(first, left, 0);
  show(second, right, 1);
  over.append(
    stack,
    make(
      "div",
      { className: "compared" },
      choice("Left", titles, 0, (index) => show(first, left, index)),
      line,
      choice("Right", titles, 1, (index) => show(second, right, index)),
    ),
  );
  over.hidden = false;
}
