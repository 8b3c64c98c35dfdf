// Addresses within the page: `#/` the inbox, `#/r/ID` a request, `#/runs`, `#/log`, and `#enrol=CODE`.

import { lines, loadDecided, openCard } from './requests.js';
import { redraw, state } from './store.js';

/** The sign-in code of the address, taken out of it at once. */
export function takeCode() {
  const hit = /^#enrol=([^&]+)/.exec(location.hash);
  if (!hit) return null;
  history.replaceState(null, '', location.pathname);
  return codeFrom(hit[1]);
}

/** A code, from itself or from a whole link. @param {string} value */
export function codeFrom(value) {
  const code = value.trim().replace(/^.*#enrol=/, '');
  try { return decodeURIComponent(code); } catch { return code; }
}

/** Shows what the address names. */
export function follow() {
  const [, page, id] = location.hash.split('/');
  state.page = page === 'runs' || page === 'log' ? page : 'inbox';
  state.atCard = page === 'r' && !!id;
  if (state.atCard) openCard(id);
  else if (state.page === 'inbox' && !state.card && lines().length) openCard(lines()[0].id);
  redraw();
}

/**
 * Goes to a request. `stay` keeps the list on screen where there is room for one column only.
 * @param {string} id
 * @param {{replace?: boolean, stay?: boolean, focus?: boolean}} [options]
 */
export function goTo(id, { replace = false, stay = false, focus = false } = {}) {
  const address = stay ? '#/' : `#/r/${id}`;
  if (replace) history.replaceState(null, '', address); else if (location.hash !== address) history.pushState(null, '', address);
  state.page = 'inbox';
  state.atCard = !stay;
  openCard(id);
  scrollTo({ top: 0 });
  queueMicrotask(() => document.querySelector('.it[aria-current]')?.scrollIntoView({ block: 'nearest' }));
  if (focus) setTimeout(() => document.getElementById('sentence')?.focus({ preventScroll: true }));
}

/** @param {'open'|'decided'} filter */
export function setFilter(filter) {
  state.filter = filter;
  if (filter === 'decided') void loadDecided();
  redraw();
}
