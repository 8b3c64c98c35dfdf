// The deny dialog: five ready reasons or words of one's own; Enter sends. Denying is the safe
// side, so it takes no more steps than approving.

import { html, nothing } from '../vendor/lit-html.js';
import { icon } from './icons.js';
import { redraw, state, typing } from './store.js';
import { text } from './text.js';
import { send } from './vote.js';

export const REASONS = [
  'Plan another way.',
  'This is not what the task asks for.',
  'Wrong target or environment.',
  'Too much at once; take a smaller step.',
  'Not now; ask again later.',
];

function submit(/** @type {Event} */ event) {
  event.preventDefault();
  const { deny } = state.work;
  const card = state.card?.data;
  if (!deny || !card) return;
  void send(card, 'deny', { reason: deny.words.trim() || REASONS[deny.preset] });
}

function close() {
  if (!state.work.deny) return;
  state.work.deny = null;
  redraw();
}

/** Keys 1 to 5 choose a reason, but not while words are typed. @param {KeyboardEvent} event */
function digits(event) {
  const { deny } = state.work;
  const chosen = Number(event.key) - 1;
  if (!deny || event.ctrlKey || event.metaKey || event.altKey || !(chosen in REASONS)) return;
  if (/** @type {HTMLElement} */ (event.target).id === 'deny-words') return;
  event.preventDefault();
  deny.preset = chosen;
  document.getElementById(`deny-${chosen + 1}`)?.focus();
  redraw();
}

export function denyDialog() {
  const { deny, sending, say } = state.work;
  const card = state.card?.data;
  if (!deny || !card) return nothing;
  return html`<dialog class="dlg" id="deny-dialog" aria-labelledby="deny-title" data-modal @close=${close} @keydown=${digits}>
    <form @submit=${submit}>
      <h2 id="deny-title">Deny ${card.label}</h2>
      <p class="q">${text(card.sentence)}</p>
      <fieldset><legend>The agent is told</legend>
        ${REASONS.map((reason, i) => html`<label class="pick"><input type="radio" name="reason" id="deny-${i + 1}" .checked=${!deny.words.trim() && deny.preset === i} ?autofocus=${i === 0}
          @change=${() => { deny.preset = i; deny.words = ''; redraw(); }}><span>${reason}</span><kbd>${i + 1}</kbd></label>`)}
      </fieldset>
      <label class="field" for="deny-words">Or in your own words</label>
      <input class="inp" id="deny-words" type="text" maxlength="4000" autocomplete="off" .value=${deny.words}
        @input=${typing((value) => { deny.words = value; })}>
      ${say?.tone === 'bad' ? html`<p class="say bad">${icon('warn')}<span><b>${say.words}</b> ${say.hint ?? ''}</span></p>` : nothing}
      <div class="acts"><button class="btn quiet" type="button" @click=${close}>Back <kbd>Esc</kbd></button>
        <button class="btn solid" id="deny-send" type="submit" ?disabled=${sending !== null}>${sending ? 'Sending…' : html`Deny <kbd>Enter</kbd>`}</button></div>
    </form>
  </dialog>`;
}
