// Before and after: the pictures part where the range input stands. Arrow keys move 2 %, with Shift 10 %.
const part = (range) => range.closest(".ba").style.setProperty("--p", range.value);

document.addEventListener("input", (event) => {
  if (event.target.matches(".ba input")) part(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches(".ba input") || !event.shiftKey) return;
  const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
  if (!way) return;
  event.preventDefault();
  event.target.value = Number(event.target.value) + 10 * way;
  part(event.target);
});
