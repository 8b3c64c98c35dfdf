// The state of the page, in one object, and the one way to show it: change it, then `redraw`.

/** @import {Card, FeedEvent, Me, QueueItem, Run, VoteReply} from './types.js' */

/**
 * What belongs to the card on screen and is thrown away with it.
 * @typedef {object} Work
 * @property {string} typed          what was typed for the confirmation
 * @property {string} words          what the agent is told with an answer
 * @property {Set<string>} expanded  long values and lists shown whole
 * @property {Set<string>} seen      required parts that were on screen
 * @property {{kind: 'approve'|'modify', at: number, from: number}|null} armed
 * @property {'approve'|'modify'|'deny'|null} sending
 * @property {{preset: number, words: string}|null} deny   the open deny dialog
 * @property {import('./edit.js').Draft|null} edit
 * @property {{tone: 'bad'|'info', words: string, hint?: string}|null} say   a line under the buttons
 * @property {VoteReply|null} result
 */

/** @returns {Work} */
export const freshWork = () => ({
  typed: '', words: '', expanded: new Set(), seen: new Set(), armed: null, sending: null, deny: null, edit: null, say: null, result: null,
});

export const state = {
  /** @type {'boot'|'signin'|'in'} */
  phase: 'boot',
  /** @type {Me|null} */
  me: null,
  /** @type {import('./key.js').StoredKey|null} */
  key: null,
  /** Sign-in: what is going on, and what went wrong. */
  /** @type {{code: string, busy: boolean, problem: string|null}} */
  signin: { code: '', busy: false, problem: null },

  /** @type {'inbox'|'runs'|'log'} */
  page: 'inbox',
  /** Whether the address names a card: on a narrow screen the card is then the page. */
  atCard: false,

  /** @type {'open'|'decided'} */
  filter: 'open',
  search: '',
  queue: {
    loaded: false,
    /** @type {(QueueItem & {gone?: boolean})[]} the list on screen */
    shown: [],
    /** @type {QueueItem[]} the list at the server */
    latest: [],
    open: 0,
    /** @type {string|undefined} */
    cursor: undefined,
  },
  decided: { loaded: false, /** @type {QueueItem[]} */ items: [], /** @type {string|undefined} */ cursor: undefined },

  /** @type {{id: string, data: Card|null, problem: import('./api.js').Problem|null, changed: boolean}|null} */
  card: null,
  work: freshWork(),
  /** @type {Run|null} the run of the card */
  run: null,
  /** @type {{words: string, label: string, id: string}|null} how the last decision went, after moving on */
  notice: null,

  /** When the connection was lost, in server time. @type {number|null} */
  offlineSince: null,
  live: false,

  /** @type {{loaded: boolean, items: Run[], cursor?: string, open: Map<string, Run|null>}} */
  runs: { loaded: false, items: [], open: new Map() },
  /** @type {{loaded: boolean, items: FeedEvent[], more: boolean}} */
  log: { loaded: false, items: [], more: false },

  help: false,
  singleKeys: recall('keys') !== 'off',
  theme: recall('theme') ?? 'auto',
};

/** @param {string} name */
function recall(name) {
  try { return localStorage.getItem(`holdshort.${name}`); } catch { return null; }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try { localStorage.setItem(`holdshort.${name}`, value); } catch { /* kept for this visit only */ }
}

/** @type {() => void} */
let show = () => {};
let waiting = false;

/** @param {() => void} draw */
export const onChange = (draw) => { show = draw; };

/** Draws the page soon; many calls in a row draw once. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => { waiting = false; show(); });
}

/**
 * A handler that takes what was typed or chosen, and draws the page again.
 * @param {(value: string) => void} take
 */
export const typing = (take) => (/** @type {Event} */ event) => {
  take(/** @type {HTMLInputElement} */ (event.target).value);
  redraw();
};

/** Says something to screen readers, politely. @param {string} words */
export function announce(words) {
  const place = document.getElementById('live');
  if (place) place.textContent = place.textContent === words ? `${words}\u00a0` : words;
}

/** Until when single keys are ignored: a card that has just appeared takes no key. */
let quietUntil = 0;
export const hush = (milliseconds = 600) => { quietUntil = Math.max(quietUntil, performance.now() + milliseconds); };
export const hushed = () => performance.now() < quietUntil;

/** When Enter or Space last went down or up: a click in its wake was made by that key. */
let keyedAt = -Infinity;
export const noteKey = (/** @type {KeyboardEvent} */ { key }) => { if (key === 'Enter' || key === ' ') keyedAt = performance.now(); };
export const keyedRecently = () => performance.now() - keyedAt < 150;
