// The decision: arming and committing, and the block after the hold-short line.

import { html, nothing } from '../vendor/lit-html.js';
import { editor, openEditor } from './edit.js';
import { decidable, lock, typedRight, whyOff } from './guard.js';
import { icon } from './icons.js';
import { isQuestion } from './kind.js';
import { isOpen } from './requests.js';
import { unseen } from './seen.js';
import { announce, hushed, keyedRecently, redraw, state, typing } from './store.js';
import { plain, raw, text } from './text.js';
import { clock } from './time.js';
import { send } from './vote.js';

/** @import {Card} from './types.js' */

const ARMED_FOR = 10000;
const CONTROL = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
/** A double click, or Ctrl+Enter struck twice by a slip, arms and does not commit. */
const SETTLE = 400;

/** Leads to what is missing. @param {{why: string, lead?: string}} locked */
function lead(locked) {
  state.work.say = { tone: 'info', words: locked.why };
  announce(locked.why);
  if (locked.lead === 'confirm') document.getElementById('confirm')?.focus();
  if (locked.lead === 'folded') /** @type {HTMLElement|null} */ (document.querySelector('#exact [data-expand]'))?.focus();
  if (locked.lead === 'view') unseen()[0]?.scrollIntoView({ block: 'center' });
  redraw();
}

/** First step. @param {'approve'|'modify'} kind @param {number} [settle] ms before it can be committed */
export function arm(kind, settle = 0) {
  const card = decidable();
  if (!card || isQuestion(card)) return;
  const locked = lock(card, kind);
  if (locked) return lead(locked);
  const at = performance.now();
  state.work.armed = { kind, at, from: at + settle };
  state.work.say = null;
  announce(`Ready to ${kind === 'approve' ? 'approve' : 'send the changed call'}. Control Enter commits, Escape lets go.`);
  setTimeout(() => { if (state.work.armed?.at === at) disarm(); }, ARMED_FOR);
  redraw();
}

export function disarm() {
  if (!state.work.armed) return false;
  state.work.armed = null;
  redraw();
  return true;
}

/** Second step: sends what is armed. */
export function commit() {
  const card = decidable();
  const { armed, edit } = state.work;
  if (!card || !armed || hushed() || performance.now() < armed.from) return;
  const locked = lock(card, armed.kind);
  if (locked) { disarm(); return lead(locked); }
  void send(card, armed.kind, armed.kind === 'modify' ? { arguments: edit?.value } : {});
}

/**
 * A press on the button: arms, and commits when armed. Enter or Space on the focused button arms
 * and never commits: no single key approves.
 * @param {'approve'|'modify'} kind @param {MouseEvent} event
 */
function press(kind, event) {
  if (hushed()) return;
  const byKey = event.detail === 0 && keyedRecently();
  if (state.work.armed?.kind === kind) byKey ? announce(`${CONTROL}+Enter commits.`) : commit(); else arm(kind, SETTLE);
}

/** Control or Command with Enter, from anywhere or from a field. */
export function commitKey() {
  if (state.work.armed) commit();
  else if (state.work.edit) arm('modify', SETTLE);
  else if (document.activeElement?.id === 'confirm') arm('approve', SETTLE);
}

/** Opens the editor, with a safer way put in if given. @param {number} [way] */
export function change(way) {
  const card = decidable();
  if (!card || isQuestion(card) || whyOff() || !card.can.approve) return;
  state.work.armed = null;
  openEditor(card, way);
}

/** Opens the deny dialog. */
export function deny() {
  const card = decidable();
  if (!card || isQuestion(card) || whyOff() || !card.can.deny) return;
  state.work.armed = null;
  state.work.deny = { preset: 0, words: '' };
  redraw();
}

/** A short form of the sentence, for the armed button. @param {Card} card */
function brief(card) {
  const whole = plain(card.sentence);
  const part = whole.length <= 60 ? whole : `${whole.slice(0, 60).replace(/\s+\S*$/, '')}…`;
  return part.charAt(0).toLowerCase() + part.slice(1);
}

/** The Approve button, or the one that sends a changed call. @param {Card} card @param {'approve'|'modify'} kind */
function commitButton(card, kind) {
  const { armed, sending } = state.work;
  const ready = armed?.kind === kind;
  const locked = lock(card, kind);
  const off = locked !== null || sending !== null;
  const name = kind === 'approve' ? html`Approve <kbd>A</kbd>` : 'Send changed call';
  const what = kind === 'approve' ? html`Approve: <bdi dir="ltr">${brief(card)}</bdi>` : 'Send changed call';
  return html`<button class="btn ${ready ? 'armed' : off ? 'gate' : ''}" id=${kind === 'approve' ? 'approve' : 'send-change'} aria-disabled=${off ? 'true' : 'false'} aria-describedby="decision-note"
    @click=${(/** @type {MouseEvent} */ event) => press(kind, event)}>${sending === kind ? 'Sending…'
      : ready ? html`<span class="what">${what}</span><small>${CONTROL}+Enter to commit</small>`
      : html`${locked ? icon('lock', { small: true }) : nothing}${name}`}</button>`;
}

/** @param {Card} card */
function confirmField(card) {
  if (!card.confirm) return nothing;
  const right = typedRight(card);
  return html`<div class="conf ${right ? 'right' : ''}"><input id="confirm" type="text" inputmode=${card.confirm.numeric ? 'numeric' : 'text'} autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="decision-note"
      placeholder=${card.confirm.numeric ? 'a number from this page' : 'as it stands on this page'} .value=${state.work.typed}
      @input=${typing((value) => Object.assign(state.work, { typed: value, armed: null, say: null }))}></div>`;
}

/** Answers to questions: loaded when the first one is shown. @type {typeof import('./answer.js')|null} */
let answering = null;

/** @param {Card} card */
function question(card) {
  if (answering) return answering.answers(card);
  void import('./answer.js').then((module) => { answering = module; redraw(); });
  return nothing;
}

/** The block after the hold-short line. @param {Card} card */
export function decision(card) {
  const { work } = state;
  if (!isOpen(card) || (work.result && !work.sending)) return outcome(card);
  if (isQuestion(card)) return question(card);
  const off = whyOff();
  const canChange = !off && card.can.approve;
  const canDeny = !off && card.can.deny;
  const locked = lock(card, work.edit ? 'modify' : 'approve');
  const said = work.say ?? (locked && locked.lead !== 'confirm' ? { tone: 'info', words: locked.why, hint: undefined } : null);
  const buttons = work.edit
    ? html`<button class="btn quiet" id="cancel-change" @click=${() => { work.edit = null; work.armed = null; redraw(); }}>Back to the held call</button>${commitButton(card, 'modify')}`
    : html`<button class="btn" id="change" ?disabled=${!canChange} @click=${() => change()}>Change <kbd>E</kbd></button>
      <button class="btn ${card.risk === 'dangerous' ? 'solid' : ''}" id="deny" ?disabled=${!canDeny} @click=${deny}>${work.sending === 'deny' ? 'Sending…' : html`Deny <kbd>D</kbd>`}</button>
      ${commitButton(card, 'approve')}`;
  return html`<section class="dec" id="decision" aria-label="Decision">
    ${work.edit ? editor(card) : nothing}
    ${card.confirm ? html`<label class="ask" for="confirm">${text(card.confirm.prompt)}</label>` : nothing}
    <div class="row">${confirmField(card)}<div class="btns">${buttons}</div></div>
    <div class="fine" id="decision-note">
      ${work.armed ? html`<p class="ready"><b>Ready.</b> <span class="only-keys">Press <kbd>${CONTROL}</kbd> <kbd>Enter</kbd> or the button again within 10 seconds. <kbd>Esc</kbd> lets go.</span><span class="only-touch">Press the button again within 10 seconds.</span></p>` : nothing}
      ${said && !work.armed ? html`<p class="say ${said.tone}" id="decision-say">${said.tone === 'bad' ? icon('warn') : nothing}<span><b>${raw(said.words)}</b> ${raw(said.hint ?? '')}</span></p>` : nothing}
      <p>${card.state === 'open' ? html`Until ${clock(card.due_at)}. ` : nothing}<b>${raw(card.at_deadline)}</b></p>
      ${card.expires_at ? html`<p>The agent gives up at ${clock(card.expires_at)}.</p>` : nothing}
    </div>
  </section>`;
}

/** How it ended. @param {Card} card */
function outcome(card) {
  const { result } = state.work;
  const { decided } = card;
  return html`<section class="dec" id="decision" aria-label="Outcome">
    <div class="out" id="outcome">
      <p class="lead"><b>${raw(decided?.sentence ?? result?.sentence ?? ENDED[card.state] ?? '')}</b>${decided ? html` <span class="q">${clock(decided.at, true)}</span>` : nothing}</p>
      ${decided && result && result.sentence !== decided.sentence ? html`<p>${raw(result.sentence)}</p>` : nothing}
      ${result && !result.effective ? html`<p><b>This vote came too late to count.</b> It is recorded.</p>` : nothing}
      ${decided?.result ? html`<p id="outcome-result">${raw(decided.result)}</p>` : nothing}
      ${decided?.reason?.length ? html`<blockquote class="words">${text(decided.reason)}</blockquote>` : nothing}
      ${result?.asked_again ? html`<p><a href="#/r/${result.asked_again}">The changed call is asked about again.</a></p>` : nothing}
      ${state.work.say ? html`<p class="say ${state.work.say.tone}">${state.work.say.words}</p>` : nothing}
    </div>
  </section>`;
}

/** @type {Record<string, string>} */
const ENDED = {
  decided: 'Already decided.',
  superseded: 'Replaced by a newer request for the same action.',
  withdrawn: 'Taken back by the agent, or past its own expiry.',
};
