// The Runs page: what agents are working on, each with its steps.

import { html, nothing } from '../vendor/lit-html.js';
import { get } from './api.js';
import { steps } from './context.js';
import { redraw, state } from './store.js';
import { raw } from './text.js';
import { ago, clock } from './time.js';

/** @import {Run} from './types.js' */

const STATE = { running: 'working', waiting: 'waiting for a person', finished: 'finished', stopped: 'stopped' };

/** @param {boolean} [more] */
export async function loadRuns(more = false) {
  const { runs } = state;
  const page = await get(`/v1/runs${more && runs.cursor ? `?cursor=${encodeURIComponent(runs.cursor)}` : ''}`).catch(() => null);
  if (!page) return;
  Object.assign(runs, { loaded: true, items: more ? [...runs.items, ...page.items] : page.items, cursor: page.next_cursor });
  redraw();
  for (const id of runs.open.keys()) void load(id);
}

/** Reads one run with its steps. @param {string} id */
async function load(id) {
  const run = await get(`/v1/runs/${encodeURIComponent(id)}`).catch(() => null);
  if (run && state.runs.open.has(id)) state.runs.open.set(id, run);
  redraw();
}

/** @param {string} id @param {boolean} open */
async function toggle(id, open) {
  const { runs } = state;
  if (!open) { runs.open.delete(id); return; }
  if (runs.open.has(id)) return;
  runs.open.set(id, null);
  await load(id);
}

/** Opens the run that the address names. @param {string} id */
export function showRun(id) {
  void toggle(id, true).then(() => document.getElementById(id)?.scrollIntoView({ block: 'center' }));
}

export function runsPage() {
  const { runs } = state;
  const named = location.hash.split('/')[2];
  const items = named && !runs.items.some((run) => run.id === named) && runs.open.get(named) ? [/** @type {Run} */ (runs.open.get(named)), ...runs.items] : runs.items;
  return html`<main class="page" id="runs"><h1 tabindex="-1">Runs</h1><p class="q">What agents are working on, newest first.</p>
    ${!runs.loaded ? html`<div class="skel" aria-hidden="true"><i></i><i></i><i></i></div>` : items.length ? nothing : html`<p>No run yet.</p>`}
    ${items.map((run) => html`<details class="run" id=${run.id} .open=${runs.open.has(run.id)} @toggle=${(/** @type {Event} */ event) => toggle(run.id, /** @type {HTMLDetailsElement} */ (event.target).open)}>
      <summary><span class="t">${raw(run.name)}</span><span class="pill">${STATE[run.state]}</span><span class="q">${raw(run.agent)}</span><span class="q">${run.steps} claimed</span><span class="q rt">${ago(run.updated_at)}</span></summary>
      <p>${run.goal ? html`“${raw(run.goal)}”` : html`<span class="q">Task not known.</span>`} <span class="q">Began ${clock(run.created_at)}.</span></p>
      ${runs.open.get(run.id)?.actions.length ? steps(/** @type {Run} */ (runs.open.get(run.id)).actions) : html`<p class="q">${runs.open.get(run.id) ? 'No step yet.' : 'Loading…'}</p>`}
    </details>`)}
    ${runs.cursor ? html`<button class="btn" @click=${() => loadRuns(true)}>Show more</button>` : nothing}
  </main>`;
}
