// The list of requests: riskiest first, grouped, with arrivals waiting behind a button so that
// nothing moves under the pointer.

import { html, nothing } from '../vendor/lit-html.js';
import { RISKS, icon } from './icons.js';
import { GROUPS, arrivals, lines, loadDecided, loadMore, showArrivals } from './requests.js';
import { goTo, setFilter } from './route.js';
import { redraw, state, typing } from './store.js';
import { raw, text } from './text.js';
import { clock, left } from './time.js';

/** On a narrow screen the list is a page of its own, and its title the first heading. */
const narrow = matchMedia('(max-width: 760px)');

/** @typedef {import('./requests.js').Item} Item */

/** @param {Item} item */
function line(item) {
  const risk = RISKS[item.risk];
  const decided = item.state !== 'open' && item.state !== 'stalled';
  const time = left(item.due_at);
  return html`<a class="it ${item.gone ? 'dim' : ''}" href="#/r/${item.id}" data-item=${item.id} aria-current=${state.card?.id === item.id ? 'true' : nothing}
    @click=${(/** @type {MouseEvent} */ event) => { if (event.ctrlKey || event.metaKey || event.shiftKey) return; event.preventDefault(); goTo(item.id, { focus: true }); }}>
    <span class="mk ${risk.tint}">${icon(risk.mark, { label: risk.word })}</span>
    <span class="b"><span class="t">${text(item.sentence)}</span><span class="m"><span class="who">${text(item.agent)}</span>
      ${item.gone ? html`<span class="left">no longer waiting</span>`
        : decided ? html`<span class="left">${raw(item.outcome ?? item.state)}</span>`
        : item.state === 'stalled' ? html`<span class="left">asked ${clock(item.asked_at)}</span>`
        : html`<span class="left ${time.soon ? 'soon' : ''}">${time.words}</span>`}</span></span></a>`;
}

function waiting() {
  const list = lines();
  if (!state.queue.loaded) return html`<div class="skel" aria-hidden="true"><i></i><i></i><i></i></div>`;
  if (!list.length) return html`<p class="qnone">${state.search ? 'Nothing matches.' : 'Nothing is waiting.'}</p>`;
  return html`${GROUPS.map(([title, belongs]) => {
    const group = list.filter(belongs);
    return group.length ? html`<p class="grp">${title}</p>${group.map(line)}` : nothing;
  })}${state.queue.cursor ? html`<button class="lnk" @click=${loadMore}>Show more</button>` : nothing}`;
}

function decided() {
  const list = lines();
  if (!state.decided.loaded) return html`<div class="skel" aria-hidden="true"><i></i><i></i><i></i></div>`;
  if (!list.length) return html`<p class="qnone">${state.search ? 'Nothing matches.' : 'Nothing was decided yet.'}</p>`;
  return html`<p class="grp">Newest first</p>${list.map(line)}${state.decided.cursor ? html`<button class="lnk" @click=${() => loadDecided(true)}>Show more</button>` : nothing}`;
}

export function queue() {
  const { filter, search } = state;
  const fresh = arrivals();
  return html`<nav class="queue" id="queue" aria-label="Requests">
    <div class="qh"><h2 aria-level=${narrow.matches && !state.atCard ? 1 : 2} role="heading" tabindex="-1">${filter === 'open' ? 'Waiting' : 'Decided'}</h2><span class="c">${filter === 'open' ? 'riskiest first' : ''}</span>
      ${fresh && filter === 'open' ? html`<button class="new" id="arrivals" @click=${showArrivals}>Show ${fresh} new</button>` : nothing}</div>
    <div class="filters" role="group" aria-label="Filter">
      <button aria-pressed=${filter === 'open'} @click=${() => setFilter('open')}>Waiting · ${state.queue.open}</button><button aria-pressed=${filter === 'decided'} @click=${() => setFilter('decided')}>Decided</button>
      <input id="filter" type="search" placeholder="Filter" aria-label="Filter the list" .value=${search} @input=${typing((value) => { state.search = value; })}></div>
    ${filter === 'open' ? waiting() : decided()}
    <div class="qfoot"><div class="keys"><span><kbd>J</kbd><kbd>K</kbd> move</span><span><kbd>A</kbd> approve</span><span><kbd>D</kbd> deny</span><span><kbd>E</kbd> change</span><span><kbd>/</kbd> filter</span>
      <button class="lnk" id="help-open" @click=${() => { state.help = true; redraw(); }}><kbd>?</kbd> all keys</button></div></div>
  </nav>`;
}
