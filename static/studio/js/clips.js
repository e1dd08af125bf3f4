// Clips on the wall play, muted, while the pointer or the focus is on them. Until then none of a clip is loaded.
const isStill = matchMedia("(prefers-reduced-motion: reduce)");
let current = null;

const stop = () => {
  if (!current) return;
  const video = current.querySelector("video");
  video.pause();
  video.currentTime = 0;
  current.classList.remove("playing");
  current = null;
};

const follow = (target) => {
  const clip = target instanceof Element ? target.closest(".print.clip") : null;
  if (clip === current) return;
  stop();
  if (!clip || isStill.matches) return;
  current = clip;
  clip.querySelector("video").play().then(
    () => current === clip && clip.classList.add("playing"),
    () => current === clip && stop(), // it cannot be played: the poster stays
  );
};

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "touch") follow(event.target);
});
document.addEventListener("focusin", (event) => follow(event.target));
document.addEventListener("focusout", (event) => follow(event.relatedTarget));
document.documentElement.addEventListener("pointerleave", stop);
