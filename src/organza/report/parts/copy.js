// A button beside every block of code. Where the clipboard is closed to pages, the text is selected instead.
async function copy(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    return "Selected";
  }
}

for (const block of document.querySelectorAll(".code")) {
  const code = block.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    button.textContent = await copy(code.textContent, code);
    setTimeout(() => (button.textContent = "Copy"), 1600);
  });
  block.append(button);
}
