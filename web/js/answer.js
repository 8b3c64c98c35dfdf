// The answers to a question of a run: a button each, and words for the agent where they are needed.

import { html, nothing } from '../vendor/lit-html.js';
import { decidable, whyOff } from './guard.js';
import { icon } from './icons.js';
import { announce, hushed, redraw, state, typing } from './store.js';
import { raw } from './text.js';
import { clock } from './time.js';
import { send } from './vote.js';

/** @import {Card, Reply} from './types.js' */

/** @type {Record<Reply, {name: string, means: string, words?: boolean}>} */
const REPLIES = {
  continue: { name: 'Continue', means: 'The run goes on.' },
  redirect: { name: 'Redirect', means: 'The run goes on, with your words.', words: true },
  pause: { name: 'Pause', means: 'Nothing of it begins until a person resumes it.' },
  stop: { name: 'Stop', means: 'The run ends here.' },
  happened: { name: 'It happened', means: 'It is not run again.' },
  did_not_happen: { name: 'It did not happen', means: 'It is not run again by itself; the agent may ask anew.' },
  text: { name: 'Answer', means: 'The agent gets your words.', words: true },
  reconsider: { name: 'Let it ask again', means: 'The denial is lifted; the same action is put to you once more.' },
};

/** @param {Reply} reply */
function answer(reply) {
  const card = decidable();
  if (!card || hushed()) return;
  const words = state.work.words.trim();
  if (REPLIES[reply].words && !words) {
    state.work.say = { tone: 'info', words: 'Write what the agent is to be told.' };
    announce(state.work.say.words);
    document.getElementById('answer-words')?.focus();
    return redraw();
  }
  void send(card, 'answer', { reply, reason: words });
}

/** The block after the hold-short line. @param {Card} card */
export function answers(card) {
  const { work } = state;
  const off = whyOff() ?? (card.can.deny ? null : card.can.why_not ?? 'You may not answer this.');
  const said = work.say ?? (off ? { tone: 'info', words: off, hint: undefined } : null);
  return html`<section class="dec" id="decision" aria-label="Answer">
    <label class="ask" for="answer-words">What the agent is told, if anything</label>
    <textarea class="inp" id="answer-words" rows="2" maxlength="4000" .value=${work.words}
      @input=${typing((value) => Object.assign(work, { words: value, say: null }))}></textarea>
    <div class="row"><div class="btns">${(card.replies ?? []).map((reply) => html`<button class="btn" data-reply=${reply}
      ?disabled=${off !== null || work.sending !== null} title=${REPLIES[reply]?.means ?? ''} @click=${() => answer(reply)}>${REPLIES[reply]?.name ?? raw(reply)}</button>`)}</div></div>
    <div class="fine" id="decision-note">
      ${said ? html`<p class="say ${said.tone}" id="decision-say">${said.tone === 'bad' ? icon('warn') : nothing}<span><b>${raw(said.words)}</b> ${raw(said.hint ?? '')}</span></p>` : nothing}
      <p>${card.kind === 'question' ? 'The run goes on meanwhile.' : html`<b>Nothing of this run begins until it is answered.</b>`}</p>
      <p>${card.state === 'open' ? html`Until ${clock(card.due_at)}. ` : nothing}${raw(card.at_deadline)}</p>
    </div>
  </section>`;
}
