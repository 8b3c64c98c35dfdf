// Keeps note of which required parts of a card were on screen. A dangerous request cannot be
// approved before all of them were. Parts carry `data-must-see="name"`.

import { redraw, state } from './store.js';

const watcher = new IntersectionObserver((entries) => {
  let news = false;
  for (const { target, isIntersecting } of entries) {
    const name = /** @type {HTMLElement} */ (target).dataset.mustSee ?? '';
    if (!isIntersecting || state.work.seen.has(name) || document.visibilityState !== 'visible') continue;
    state.work.seen.add(name);
    watcher.unobserve(target);
    news = true;
  }
  if (news) redraw();
});

/** Parts of the page that were not on screen yet. @returns {HTMLElement[]} */
export const unseen = () => [...document.querySelectorAll('#request [data-must-see]')].map((part) => /** @type {HTMLElement} */ (part)).filter((part) => !state.work.seen.has(part.dataset.mustSee ?? ''));

/** Watches what is not seen yet; called after every drawing. */
export function watch() {
  watcher.disconnect();
  for (const part of unseen()) watcher.observe(part);
}
