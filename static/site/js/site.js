// Addresses stay short: what is not asked for is not in them.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, verb } = event.detail;
  if (verb !== "get") return;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});

// Says how many models are ticked, and stops at the most that are compared; the server says so, too.
document.addEventListener("change", ({ target }) => {
  const form = target.closest("[data-most]");
  if (!form) return;
  const most = Number(form.dataset.most);
  const boxes = [...form.querySelectorAll("[name=models]")];
  const picked = boxes.filter((box) => box.checked);
  if (picked.length > most) target.checked = false;
  const said = form.querySelector("[data-picked]");
  said.textContent = picked.length > most ? `${most} is the most. Untick one first.` : `${picked.length} of ${most} ticked.`;
});
