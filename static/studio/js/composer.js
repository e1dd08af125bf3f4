// The composer: run from the keyboard, drop or paste pictures, and a spend button that waits for its price.
const SLOW = 300; // milliseconds a quote may take before the spend button is held

document.addEventListener("keydown", (event) => {
  const form = document.getElementById("make");
  if (!form || event.key !== "Enter") return;
  const spend = document.getElementById("spend");
  if (event.metaKey || event.ctrlKey) {
    event.preventDefault();
    if (spend instanceof HTMLButtonElement && !spend.disabled) form.requestSubmit(spend);
  } else if (event.target.matches(".inspector input")) {
    event.preventDefault(); // a change of the field asks for the price by itself; nothing is run from here
  }
});

// A run that got no answer may be sent again as it is: its key is the same.
const showTrouble = (event) => {
  if (event.target.id === "make") document.getElementById("trouble").hidden = false;
};
document.addEventListener("htmx:sendError", showTrouble);
document.addEventListener("htmx:responseError", showTrouble);

// A picture that is dropped or pasted goes the way of one that was chosen: into the file input of the first open slot.
const offer = (files) => {
  const input = document.querySelector("#make input[type=file]");
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  if (!input || !pictures.length) return false;
  const list = new DataTransfer();
  for (const file of input.multiple ? pictures : pictures.slice(0, 1)) list.items.add(file);
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};
document.addEventListener("dragover", (event) => {
  if (event.target.closest?.(".stagewall") && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (event.target.closest?.(".stagewall") && offer(event.dataTransfer.files)) event.preventDefault();
});
document.addEventListener("paste", (event) => {
  if (document.getElementById("make") && offer(event.clipboardData.files)) event.preventDefault();
});

let slow;
const settle = () => {
  clearTimeout(slow);
  const spend = document.getElementById("spend");
  if (spend?.dataset.held) {
    spend.disabled = false;
    delete spend.dataset.held;
  }
};
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id !== "quoter") return;
  clearTimeout(slow);
  slow = setTimeout(() => {
    const spend = document.getElementById("spend");
    if (!spend || spend.disabled) return;
    spend.dataset.held = "yes";
    spend.disabled = true;
  }, SLOW);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.id === "quoter") settle();
});
