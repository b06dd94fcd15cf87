// The grid of pictures over the training: a slider and a play button that swap one image.
const frames = JSON.parse(document.getElementById("frames").textContent);
const picture = document.getElementById("generated");
const slider = document.getElementById("frame");
const play = document.getElementById("play");
const ROUND = 7000; // a whole round in milliseconds, within limits that the eye can follow
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const pause = calm ? 1500 : Math.min(600, Math.max(110, ROUND / frames.length));
let timer = null;

function show(index) {
  const { images, source } = frames[index];
  picture.src = source;
  picture.alt = `Grid of generated pictures after ${images} images`;
  slider.value = index;
  slider.style.setProperty("--done", index / (frames.length - 1));
  slider.setAttribute("aria-valuetext", `${images} images`);
  document.querySelector("#seen b").textContent = images;
  document.querySelector("[data-seen]").textContent = images;
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

function start() {
  if (Number(slider.value) === frames.length - 1) show(0);
  timer = setInterval(() => {
    const next = Number(slider.value) + 1;
    show(next);
    if (next === frames.length - 1) stop();
  }, pause);
  play.textContent = "Pause";
}

if (frames.length > 1) {
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  play.addEventListener("click", () => (timer === null ? start() : stop()));
  document.getElementById("controls").hidden = false;
  show(frames.length - 1);
}
