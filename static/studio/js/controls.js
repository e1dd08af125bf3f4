// What fields do beyond HTML: a slider shows its value, a stepper steps, a die throws a seed, a button copies.
const changed = (input) => {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

const showRange = (range) => {
  const share = (range.value - range.min) / (range.max - range.min);
  range.style.setProperty("--v", 100 * share);
  const output = document.querySelector(`output[for="${range.id}"]`);
  if (!output || !range.dataset.touched) return;
  const value = "grouped" in output.dataset ? Number(range.value).toLocaleString("en") : range.value;
  output.textContent = value + output.dataset.unit;
};

const showRanges = (root) => root.querySelectorAll("input.range").forEach(showRange);

document.addEventListener("input", (event) => {
  if (!event.target.matches("input.range")) return;
  event.target.dataset.touched = "yes";
  showRange(event.target);
});

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) {
    const input = step.parentElement.querySelector("input");
    if (step.dataset.step === "up") input.stepUp();
    else input.stepDown();
    changed(input);
  }
  const dice = event.target.closest("[data-dice]");
  if (dice) {
    const input = document.getElementById(dice.dataset.dice);
    input.value = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
    changed(input);
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const text = document.getElementById(copy.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(() => {
      copy.querySelector("[data-copied]").textContent = "Copied";
    });
  }
});

showRanges(document);
document.addEventListener("htmx:load", (event) => showRanges(event.target));

// A dialog that arrives opens over the page once its styles are there. What it offers closes it when it is used.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.querySelector?.(":scope > dialog");
  if (!dialog) return;
  const styles = dialog.querySelector("link");
  const open = () => dialog.isConnected && !dialog.open && dialog.showModal();
  if (styles?.sheet === null) for (const end of ["load", "error"]) styles.addEventListener(end, open);
  else open();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
