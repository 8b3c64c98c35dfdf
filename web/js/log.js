// The Log page: the feed of everything that happened, newest first. It carries ids and codes,
// never arguments, reasons or outputs.

import { html, nothing } from '../vendor/lit-html.js';
import { get } from './api.js';
import { redraw, state, typing } from './store.js';
import { raw } from './text.js';
import { clock } from './time.js';

/** @import {FeedEvent} from './types.js' */

const PAGE = 200;
const PAGES = 50;
const KEPT = 1000;

/** The last event that the stream brought. */
let newest = 0;

/** Takes an event of the live stream. @param {FeedEvent} event */
export function record(event) {
  newest = Math.max(newest, event.seq);
  const { log } = state;
  const last = log.items.at(-1)?.seq ?? -1;
  if (log.loaded && !log.more && event.seq > last) log.items = [...log.items, event].slice(-KEPT);
}

/** Reads the feed to its end; a very long one in steps. */
export async function loadLog() {
  const { log } = state;
  let after = log.items.at(-1)?.seq ?? Math.max(0, newest - KEPT);
  let items = log.items;
  log.more = false;
  for (let n = 0; n < PAGES; n += 1) {
    const page = await get(`/v1/events?after=${after}&limit=${PAGE}`).catch(() => null);
    if (!page) break;
    items = [...items, ...page.items].slice(-KEPT);
    log.more = page.items.length > 0 && page.next_after !== after;
    after = page.next_after;
    if (page.items.length < PAGE) { log.more = false; break; }
  }
  const bySeq = new Map([...items, ...log.items].map((event) => [event.seq, event]));
  Object.assign(log, { loaded: true, items: [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-KEPT) });
  redraw();
}

/** Digests are told by their ends, as on the card. @param {any} detail */
const codes = (detail) => Object.entries(detail ?? {}).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join('  ').replace(/\bsha256:([0-9a-f]{4})[0-9a-f]{56}([0-9a-f]{4})\b/g, '$1…$2');

export function logPage() {
  const { log } = state;
  const wanted = state.search.trim().toLowerCase();
  const rows = [...log.items].reverse().filter((event) => !wanted || JSON.stringify(event).toLowerCase().includes(wanted));
  return html`<main class="page" id="log"><div class="pageh"><div><h1 tabindex="-1">Log</h1><p class="q">Everything that happened, newest first. Ids and codes only.</p></div>
      <input id="filter" class="inp" type="search" placeholder="Filter" aria-label="Filter the log" .value=${state.search} @input=${typing((value) => { state.search = value; })}></div>
    ${!log.loaded ? html`<div class="skel" aria-hidden="true"><i></i><i></i><i></i></div>` : nothing}
    ${log.more ? html`<button class="btn sm" @click=${loadLog}>Show newer</button>` : nothing}
    ${log.loaded ? html`<div class="tw" tabindex="0" role="region" aria-label="Events"><table><thead><tr><th class="n">#</th><th>When</th><th>What</th><th>By</th><th>About</th><th>Detail</th></tr></thead><tbody>
      ${rows.map((event) => html`<tr><td class="n q">${event.seq}</td><td>${clock(event.at, true)}</td><td class="mono">${raw(event.kind)}</td><td>${raw(event.by)}</td>
        <td class="mono">${event.request ? html`<a href="#/r/${event.request}">${raw(event.request)}</a>` : raw(event.action ?? event.run ?? '')}</td><td class="mono wrap q">${raw(codes(event.detail))}</td></tr>`)}
    </tbody></table></div>${rows.length ? nothing : html`<p class="q">Nothing here.</p>`}` : nothing}
  </main>`;
}
