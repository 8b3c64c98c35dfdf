// The list of keys, and the switch that turns single keys off.

import { html, nothing } from '../vendor/lit-html.js';
import { redraw, remember, state } from './store.js';

const KEYS = [
  [['J', 'K', '↓', '↑'], 'next, previous request'],
  [['O', 'Enter'], 'open it'],
  [['D'], 'deny; Enter sends'],
  [['E'], 'change the call'],
  [['1', '2', '3'], 'put a safer way into the editor'],
  [['A'], 'make ready to approve; lasts 10 seconds'],
  [['Ctrl', 'Enter'], 'commit what is ready (Command on a Mac)'],
  [['Esc'], 'let go'],
  [['.'], 'show arrivals'],
  [['/'], 'filter the list'],
  [['G', 'I'], 'inbox'],
  [['G', 'R'], 'runs'],
  [['G', 'L'], 'log'],
  [['?'], 'this list'],
];

function close() {
  if (!state.help) return;
  state.help = false;
  redraw();
}

export function helpDialog() {
  if (!state.help) return nothing;
  return html`<dialog class="dlg" id="help-dialog" aria-labelledby="help-title" data-modal @close=${close}>
    <h2 id="help-title">Keys</h2>
    <dl class="keylist">${KEYS.map(([keys, does]) => html`<div><dt>${/** @type {string[]} */ (keys).map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${does}</dd></div>`)}</dl>
    <label class="pick"><input type="checkbox" id="single-keys" .checked=${state.singleKeys} @change=${(/** @type {Event} */ event) => {
      state.singleKeys = /** @type {HTMLInputElement} */ (event.target).checked;
      remember('keys', state.singleKeys ? 'on' : 'off');
      redraw();
    }}><span>Single keys are on. Ctrl+Enter and Esc always work.</span></label>
    <p class="q">No single key approves, and Enter alone never does.</p>
    <div class="acts"><button class="btn" @click=${close}>Close <kbd>Esc</kbd></button></div>
  </dialog>`;
}
