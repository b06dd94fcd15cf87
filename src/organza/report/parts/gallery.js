// The pictures over the training: a slider and a play button that swap one image. Grids of samples play once when asked to;
// the plane is a film, which plays on and on, and by itself unless the reader wants little motion.
const frames = JSON.parse(document.getElementById("frames").textContent);
const picture = document.getElementById("generated");
const unit = picture?.closest(".gallery").dataset.unit;
const slider = document.getElementById("frame");
const play = document.getElementById("play");
const isFilm = picture?.closest(".gallery").dataset.kind === "plane";
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const ROUND = 7000; // a whole round of grids in milliseconds, within limits that the eye can follow
const FILM = 100; // between two frames of a film
const REST = 1500; // on the last frame of a film, before it begins again
const pause = isFilm ? FILM : calm ? 1500 : Math.min(600, Math.max(110, ROUND / frames.length));
const last = frames.length - 1;
let timer = null;

function show(index) {
  const { images, source, words } = frames[index];
  picture.src = source;
  picture.alt = words;
  slider.value = index;
  slider.style.setProperty("--done", index / last);
  slider.setAttribute("aria-valuetext", `${images} ${unit}`);
  document.querySelector("#seen b").textContent = images;
  document.querySelector("[data-seen]").textContent = images;
}

function stop() {
  clearTimeout(timer);
  timer = null;
  play.textContent = "Play";
}

function step() {
  const at = Number(slider.value);
  const next = at === last ? 0 : at + 1;
  show(next);
  if (next === last && !isFilm) stop();
  else timer = setTimeout(step, next === last ? REST : pause);
}

function start() {
  if (Number(slider.value) === last) show(0);
  timer = setTimeout(step, pause);
  play.textContent = "Pause";
}

if (frames.length > 1) {
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  play.addEventListener("click", () => (timer === null ? start() : stop()));
  document.getElementById("controls").hidden = false;
  show(last);
  if (isFilm && !calm) start();
}
