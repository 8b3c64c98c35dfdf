// The keyboard. No single key approves and Enter alone never does; a card that has just appeared
// or changed, and a window that has just come to the front, take no deciding key for 0.6 s.

import { step } from './card.js';
import { arm, change, commitKey, deny, disarm } from './decide.js';
import { showArrivals } from './requests.js';
import { goTo } from './route.js';
import { hush, hushed, noteKey, redraw, state } from './store.js';

const LETTER_PAIR = 1200;

/** Until when a G waits for its second letter. */
let afterG = 0;

const inField = (/** @type {EventTarget|null} */ target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
const onControl = (/** @type {EventTarget|null} */ target) => target instanceof HTMLElement && target.closest('a, button, summary') !== null;
const cardOnScreen = () => state.page === 'inbox' && !!document.getElementById('request')?.checkVisibility();

/** Keys that decide something, or lead there. @type {Record<string, () => void>} */
const DECIDING = {
  a: () => { if (!state.work.armed && !state.work.edit) arm('approve'); },
  d: deny,
  e: () => change(),
  1: () => change(0),
  2: () => change(1),
  3: () => change(2),
};

/** Keys that only move or show. @type {Record<string, () => void>} */
const MOVING = {
  j: () => step(1),
  k: () => step(-1),
  '.': showArrivals,
  '?': () => { state.help = true; redraw(); },
  '/': () => document.getElementById('filter')?.focus(),
  o: openCurrent,
  g: () => { afterG = performance.now() + LETTER_PAIR; },
};

/** @type {Record<string, string>} */
const PLACES = { i: '#/', r: '#/runs', l: '#/log' };

function openCurrent() {
  if (state.page === 'inbox' && state.card) goTo(state.card.id, { focus: true });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (state.phase !== 'in' || event.isComposing || event.defaultPrevented) return;
  const { target } = event;
  if (event.key === 'Escape') {
    if (disarm()) event.preventDefault();
    else if (inField(target)) /** @type {HTMLElement} */ (target).blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    if (!event.repeat && !hushed() && cardOnScreen()) commitKey();
    return;
  }
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || inField(target) || !state.singleKeys) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (performance.now() < afterG) {
    afterG = 0;
    if (PLACES[key]) { event.preventDefault(); location.hash = PLACES[key]; return; }
  }
  if (key === 'Enter' && !onControl(target)) return openCurrent();
  if (key === 'ArrowDown' || key === 'ArrowUp') return arrow(event);
  const act = MOVING[key] ?? (cardOnScreen() && !hushed() ? DECIDING[key] : undefined);
  if (!act) return;
  event.preventDefault();
  act();
}

/** Arrows move in the list; inside the card they scroll, as everywhere. @param {KeyboardEvent} event */
function arrow(event) {
  const inList = event.target === document.body || (event.target instanceof HTMLElement && event.target.closest('#queue'));
  if (state.page !== 'inbox' || !inList) return;
  event.preventDefault();
  step(event.key === 'ArrowDown' ? 1 : -1);
}

export function listen() {
  for (const type of /** @type {const} */ (['keydown', 'keyup'])) addEventListener(type, noteKey, true);
  addEventListener('keydown', onKey);
  addEventListener('focus', () => hush());
  document.addEventListener('visibilitychange', () => hush());
}
