// Loading the queue and the card, and what may change under a reader's eyes: nothing moves by
// itself, and a card that changed says so and takes back what was typed.

import { Problem, get, getCard, serverNow } from './api.js';
import { announce, freshWork, hush, redraw, state } from './store.js';
import { plain } from './text.js';

/** @import {Card, QueueItem, QueuePage, RequestState} from './types.js' */

/** Notes that the server cannot be reached, or that it can again. @param {boolean} ok */
export function connected(ok) {
  if (ok === (state.offlineSince === null)) return;
  state.offlineSince = ok ? null : serverNow();
  if (!ok) state.work.armed = null;
  announce(ok ? 'Connected again.' : 'Not connected. You can read; deciding is off.');
  redraw();
}

/**
 * Runs a load and keeps the connection state up to date.
 * @template T
 * @param {Promise<T>} load
 * @returns {Promise<T|null>} null when it failed; the reason is on the page
 */
async function attempt(load) {
  try {
    const value = await load;
    connected(true);
    return value;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.offline) connected(false);
    else if (problem.status === 401) { state.phase = 'signin'; redraw(); }
    return null;
  }
}

/** Reads the queue again. @param {{show?: boolean}} [options] `show`: put arrivals in at once */
export async function loadQueue({ show = false } = {}) {
  const { queue } = state;
  const page = await attempt(openPages(queue.latest.length));
  if (!page) return;
  const known = new Set(queue.latest.map((item) => item.id));
  const first = !queue.loaded;
  Object.assign(queue, { latest: page.items, open: page.open, cursor: page.next_cursor, loaded: true });
  const fresh = page.items.filter((/** @type {QueueItem} */ item) => !known.has(item.id));
  settle(show || first);
  if (!first && fresh.length) announce(fresh.length === 1 ? `New request: ${plain(fresh[0].sentence)}` : `${fresh.length} new requests.`);
  if (!state.card && state.page === 'inbox' && state.filter === 'open') openFirst();
  redraw();
}

/** The open requests, at least as many as were there. @param {number} wanted @returns {Promise<QueuePage>} */
async function openPages(wanted) {
  let page = await get('/v1/requests?state=open&limit=100');
  const items = page.items;
  while (page.next_cursor && items.length < wanted) {
    page = await get(`/v1/requests?state=open&limit=100&cursor=${encodeURIComponent(page.next_cursor)}`);
    items.push(...page.items);
  }
  return { ...page, items };
}

/** @typedef {QueueItem & {gone?: boolean}} Item */

/** The groups of the list, in the order of the screen. */
export const GROUPS = /** @type {const} */ ([
  ['Dangerous', (/** @type {Item} */ item) => item.state !== 'stalled' && item.risk === 'dangerous'],
  ['Risky', (/** @type {Item} */ item) => item.state !== 'stalled' && item.risk === 'risky'],
  ['Safe, asked by a rule', (/** @type {Item} */ item) => item.state !== 'stalled' && item.risk === 'safe'],
  ['Stalled, nobody left to ask', (/** @type {Item} */ item) => item.state === 'stalled'],
]);

/** @param {Item[]} list */
const grouped = (list) => GROUPS.flatMap(([, belongs]) => list.filter(belongs));

/** Brings the list on screen up to date without moving a line, unless `all` says it may move. @param {boolean} all */
function settle(all) {
  const { queue } = state;
  const latest = new Map(queue.latest.map((item) => [item.id, item]));
  if (all || !queue.shown.some((item) => latest.has(item.id))) {
    queue.shown = queue.latest;
    return;
  }
  const here = new Set(queue.shown.map((item) => item.id));
  const sorted = grouped(queue.latest);
  // What comes after the last line on screen moves nothing, so it need not wait.
  const tail = sorted.slice(sorted.findLastIndex((item) => here.has(item.id)) + 1);
  queue.shown = [...queue.shown.map((item) => latest.get(item.id) ?? { ...item, gone: true }), ...tail];
}

/** How many arrivals wait behind the button. */
export function arrivals() {
  const shown = new Set(state.queue.shown.map((item) => item.id));
  return state.queue.latest.filter((item) => !shown.has(item.id)).length;
}

export function showArrivals() {
  settle(true);
  if (!state.card) openFirst();
  redraw();
}

export async function loadMore() {
  const { queue } = state;
  const page = await attempt(get(`/v1/requests?state=open&limit=100&cursor=${encodeURIComponent(queue.cursor ?? '')}`));
  if (!page) return;
  queue.latest = [...queue.latest, ...page.items];
  queue.cursor = page.next_cursor;
  settle(true);
  redraw();
}

/** @param {boolean} [more] */
export async function loadDecided(more = false) {
  const { decided } = state;
  const from = more && decided.cursor ? `&cursor=${encodeURIComponent(decided.cursor)}` : '';
  const page = await attempt(get(`/v1/requests?state=decided&limit=50${from}`));
  if (!page) return;
  Object.assign(decided, { loaded: true, items: more ? [...decided.items, ...page.items] : page.items, cursor: page.next_cursor });
  redraw();
}

/** The lines on screen, in its order, after the filter. @returns {Item[]} */
export function lines() {
  const items = state.filter === 'open' ? grouped(state.queue.shown) : state.decided.items;
  const wanted = state.search.trim().toLowerCase();
  if (!wanted) return items;
  return items.filter((item) => [item.label, plain(item.sentence), plain(item.agent)].join(' ').toLowerCase().includes(wanted));
}

/** Makes a card the current one. @param {string} id */
export function openCard(id) {
  if (state.card?.id === id) return;
  state.card = { id, data: null, problem: null, changed: false };
  state.work = freshWork();
  state.run = null;
  if (state.filter === 'open') state.queue.shown = state.queue.shown.filter((item) => !item.gone || item.id === id);
  hush();
  redraw();
  void reloadCard();
}

function openFirst() {
  const first = lines().find((item) => !item.gone);
  if (first) openCard(first.id);
}

/** Reads the current card again. */
export async function reloadCard() {
  const card = state.card;
  if (!card) return;
  let data;
  try {
    data = await getCard(card.id);
    connected(true);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.offline) connected(false);
    if (problem.status === 401) state.phase = 'signin';
    if (state.card === card && (!problem.offline || !card.data)) card.problem = problem;
    redraw();
    return;
  }
  const before = card.data;
  // An answer that was overtaken by a newer one is dropped.
  if (state.card !== card || (before && data.version < before.version)) return;
  card.data = data;
  card.problem = null;
  if (!before) hush();
  else if (before.version !== data.version || before.binding !== data.binding) changed(before, data);
  if (state.run?.id !== data.run || before) void loadRun(data.run);
  redraw();
}

/** @param {Card} before @param {Card} after */
function changed(before, after) {
  const { work, card } = state;
  hush();
  work.typed = '';
  work.armed = null;
  work.seen.clear();
  if (before.binding !== after.binding) {
    work.edit = null;
    work.expanded.clear();
  }
  const own = work.result !== null || work.sending !== null;
  if (isOpen(after) && !own && card) {
    card.changed = true;
    announce('This request changed, read again.');
  } else if (isOpen(before) && !isOpen(after)) {
    work.edit = null;
    work.deny = null;
    if (!own) announce(after.decided?.sentence ?? 'This request is no longer waiting.');
  }
}

/** @param {{state: RequestState}} item */
export const isOpen = (item) => item.state === 'open' || item.state === 'stalled';

/** @param {string} id */
async function loadRun(id) {
  const run = await attempt(get(`/v1/runs/${encodeURIComponent(id)}`));
  if (run && state.card?.data?.run === id) {
    state.run = run;
    redraw();
  }
}

/** The line before or after the current one. @param {1|-1} step */
export function neighbour(step) {
  const list = lines();
  const at = list.findIndex((item) => item.id === state.card?.id);
  return list[at < 0 ? 0 : at + step];
}

/** After a denial or a change: the next one that still waits. @param {string} done */
export function nextOpen(done) {
  const list = lines().filter((item) => item.id === done || (!item.gone && isOpen(item)));
  const at = list.findIndex((item) => item.id === done);
  return list[at + 1] ?? list[at - 1] ?? null;
}
