// Light and dark follow the system until the reader chooses; the choice lives as long as the page.
const root = document.documentElement;
const button = document.getElementById("theme");
const system = matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

function show() {
  const other = isDark() ? "Light" : "Dark";
  button.textContent = other;
  button.setAttribute("aria-label", `Switch to the ${other.toLowerCase()} theme`);
}

button.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  show();
});
system.addEventListener("change", show);
button.hidden = false;
show();
