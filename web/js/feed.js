// The live feed: one event stream, resumed by the browser where it broke off. An event is only a
// hint; what it is about is read again.

import { connected, loadQueue, reloadCard } from './requests.js';
import { redraw, state } from './store.js';
import { record } from './log.js';
import { loadRuns } from './runs.js';

const PATIENCE = 250;
const RETRY = 3000;
const SWEEP = 30000;

/** @type {EventSource|null} */
let source = null;
let timer = 0;
let cardTouched = false;

/** Opens the stream, and reads everything again every half minute in case it went silent. */
export function start() {
  connect();
  setInterval(() => { if (state.phase === 'in' && document.visibilityState === 'visible') refresh(state.offlineSince !== null); }, SWEEP);
  addEventListener('online', () => refresh(true));
  addEventListener('offline', () => connected(false));
}

export function stop() {
  source?.close();
  source = null;
  state.live = false;
}

export function connect() {
  if (state.phase !== 'in') return;
  source?.close();
  const stream = new EventSource('/v1/events');
  source = stream;
  stream.onopen = () => {
    const again = state.offlineSince !== null;
    state.live = true;
    connected(true);
    if (again) refresh(true);
    redraw();
  };
  stream.onerror = () => {
    if (source !== stream) return;
    state.live = false;
    connected(false);
    // The browser reconnects by itself unless the server refused.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => { if (source === stream) { void loadQueue(); connect(); } }, RETRY);
    }
    redraw();
  };
  stream.onmessage = (message) => {
    let event;
    try { event = JSON.parse(message.data); } catch { return; }
    record(event);
    const card = state.card?.data;
    refresh(event.request === state.card?.id || (!!card && (event.action === card.action || event.run === card.run)));
  };
  stream.addEventListener('reset', () => refresh(true));
}

/** Reads the queue, and the card if it is touched, once for a burst of events. @param {boolean} card */
function refresh(card) {
  cardTouched ||= card;
  clearTimeout(timer);
  timer = setTimeout(() => {
    void loadQueue();
    if (state.page === 'runs' || !state.queue.open) void loadRuns();
    if (cardTouched) void reloadCard();
    cardTouched = false;
  }, PATIENCE);
}
