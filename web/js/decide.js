// The decision: what locks Approve, arming and committing, the deny dialog, and the block after
// the hold-short line. Nothing here shows a success before the server reports it.

import { html, nothing } from '../vendor/lit-html.js';
import { Problem, post } from './api.js';
import { editor, editProblem, openEditor } from './edit.js';
import { folded } from './exact.js';
import { icon } from './icons.js';
import { write } from './json.js';
import { isOpen, loadQueue, nextOpen, reloadCard } from './requests.js';
import { goTo } from './route.js';
import { unseen } from './seen.js';
import { announce, hushed, redraw, state } from './store.js';
import { plain, text } from './text.js';
import { clock } from './time.js';

/** @typedef {import('./types.js').Card} Card */

const ARMED_FOR = 10000;
/** A double click, or Ctrl+Enter struck twice by a slip, arms and does not commit. */
const SETTLE = 400;

/** Case, blanks and separators do not matter. @param {string} value */
const norm = (value) => value.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** @param {Card} card */
export const typedRight = (card) => !card.confirm || (norm(state.work.typed) !== '' && norm(state.work.typed) === norm(card.confirm.expected)) || state.work.typed.trim() === card.confirm.expected;

/** Why nothing can be decided here at all, or null. */
export function whyOff() {
  if (state.offlineSince !== null) return 'Not connected: deciding is off.';
  if (!state.key) return 'This browser holds no signing key for you: deciding is off.';
  return null;
}

/**
 * What keeps Approve locked, or null.
 * @param {Card} card
 * @param {'approve'|'modify'} kind
 * @returns {{why: string, lead?: 'confirm'|'view'|'folded'|'edit'} | null}
 */
export function lock(card, kind = 'approve') {
  const off = whyOff();
  if (off) return { why: off };
  if (!card.can.approve) return { why: card.can.why_not ?? 'You may not approve this request.' };
  if (kind === 'approve' && card.exact.uninspectable) return { why: 'The call cannot be shown in full, so it cannot be approved.' };
  if (card.facts.some((fact) => fact.status === 'checking')) return { why: 'The facts are still being checked.' };
  if (kind === 'approve' && card.risk === 'dangerous' && folded(card)) return { why: 'Approving unlocks when every list and long value above was shown in full.', lead: 'folded' };
  if (card.risk === 'dangerous' && unseen().length) return { why: 'Approving unlocks when all of the request was on screen.', lead: 'view' };
  if (kind === 'modify') {
    const problem = editProblem();
    if (problem) return { why: problem, lead: 'edit' };
  }
  if (!typedRight(card)) return { why: 'What has to be typed is missing or does not match.', lead: 'confirm' };
  return null;
}

/** The card if it is on screen and can still be decided. */
export function decidable() {
  const card = state.card?.data;
  return card && isOpen(card) && !state.work.sending && !state.work.result ? card : null;
}

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
  if (!card) return;
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

/** A press on the button: arms, and commits when armed. @param {'approve'|'modify'} kind */
function press(kind) {
  if (hushed()) return;
  if (state.work.armed?.kind === kind) commit(); else arm(kind, SETTLE);
}

/** Control or Command with Enter, from anywhere or from a field. */
export function commitKey() {
  if (state.work.armed) commit();
  else if (state.work.edit) arm('modify', SETTLE);
  else if (document.activeElement?.id === 'confirm') arm('approve', SETTLE);
}

/**
 * @param {Card} card
 * @param {import('./types.js').Decision} decision
 * @param {{reason?: string, arguments?: any}} more
 */
export async function send(card, decision, more) {
  const { work, key } = state;
  if (!key || work.sending) return;
  const confirm = decision !== 'deny' && card.confirm ? work.typed : undefined;
  work.sending = decision;
  work.armed = null;
  work.say = null;
  redraw();
  try {
    const body = write({ decision, binding: card.binding, version: card.version, ...more, confirm });
    const reply = await post(`/v1/requests/${encodeURIComponent(card.id)}/votes`, body, key);
    done(card, decision, reply, work);
  } catch (problem) {
    work.sending = null;
    if (!(problem instanceof Problem)) throw problem;
    await refused(problem, work);
  }
  redraw();
}

/** @param {Card} card @param {import('./types.js').Decision} decision @param {import('./types.js').VoteReply} reply @param {import('./store.js').Work} work */
function done(card, decision, reply, work) {
  Object.assign(work, { sending: null, deny: null, edit: null, result: reply });
  announce(reply.sentence);
  const here = state.work === work;
  if (here && decision !== 'approve') {
    const next = nextOpen(card.id);
    state.notice = { words: reply.sentence, label: card.label, id: reply.asked_again ?? card.id };
    if (next) goTo(next.id, { replace: true, stay: !state.atCard });
    else void reloadCard();
  } else {
    state.notice = null;
    if (here) void reloadCard();
  }
  state.queue.shown = state.queue.shown.filter((item) => item.id !== card.id || !here || decision === 'approve');
  void loadQueue();
}

/** @param {Problem} problem @param {import('./store.js').Work} work */
async function refused(problem, work) {
  const say = (/** @type {string} */ words, hint = problem.hint) => { work.say = { tone: 'bad', words, hint }; announce(words); };
  switch (problem.code) {
    case 'HS3002':
      work.typed = '';
      work.deny = null;
      if (state.card && state.work === work) state.card.changed = true;
      await reloadCard();
      return announce('This request changed, read again.');
    case 'HS3003':
    case 'HS3005':
      work.deny = null;
      work.edit = null;
      say(problem.message);
      return reloadCard();
    case 'HS3006': return say('The facts are still being checked. Try again in a moment.');
    case 'HS3007':
      work.typed = '';
      return say('What was typed does not match the request. Nothing was approved.');
    case 'HS2001':
      state.phase = 'signin';
      return;
    case 'HS2003':
    case 'HS2004':
    case 'HS2005':
      return say(`${problem.message} Nothing was decided.`, problem.hint ?? 'Sign in again with a new link to give this browser a key.');
    case 'HS4002': return say('Too many requests just now. Nothing was decided; wait a moment and try again.');
    default:
      if (problem.offline) return say('The answer did not arrive. It may or may not have counted; the card shows it once the connection is back.');
      return say(`${problem.message} Nothing was decided.`, problem.hint ?? (problem.code && `Code ${problem.code}`));
  }
}

/** Opens the editor, with a safer way put in if given. @param {number} [way] */
export function change(way) {
  const card = decidable();
  if (!card || whyOff() || !card.can.approve) return;
  state.work.armed = null;
  openEditor(card, way);
}

/** Opens the deny dialog. */
export function deny() {
  const card = decidable();
  if (!card || whyOff() || !card.can.deny) return;
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
  const { work } = state;
  const locked = lock(card, kind);
  const armed = work.armed?.kind === kind;
  const id = kind === 'approve' ? 'approve' : 'send-change';
  if (work.sending === kind) return html`<button class="btn" id=${id} disabled>Sending…</button>`;
  if (armed) {
    return html`<button class="btn armed" id=${id} @click=${() => press(kind)}>
      <span class="what">${kind === 'approve' ? html`Approve: <bdi dir="ltr">${brief(card)}</bdi>` : 'Send changed call'}</span><small>Ctrl+Enter to commit</small></button>`;
  }
  return html`<button class="btn ${locked ? 'gate' : ''}" id=${id} aria-disabled=${locked ? 'true' : 'false'} aria-describedby="decision-note" @click=${() => press(kind)}>
    ${locked ? icon('lock', { small: true }) : nothing}${kind === 'approve' ? html`Approve <kbd>A</kbd>` : 'Send changed call'}</button>`;
}

/** @param {Card} card */
function confirmField(card) {
  if (!card.confirm) return nothing;
  const right = typedRight(card);
  return html`<div class="conf ${right ? 'right' : ''}"><input id="confirm" type="text" inputmode=${card.confirm.numeric ? 'numeric' : 'text'} autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="decision-note"
      placeholder=${card.confirm.numeric ? 'a number from this page' : 'as it stands on this page'} .value=${state.work.typed}
      @input=${(/** @type {InputEvent} */ event) => { state.work.typed = /** @type {HTMLInputElement} */ (event.target).value; state.work.armed = null; state.work.say = null; redraw(); }}></div>`;
}

/** The block after the hold-short line. @param {Card} card */
export function decision(card) {
  const { work } = state;
  if (!isOpen(card) || (work.result && !work.sending)) return outcome(card);
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
      ${work.armed ? html`<p class="say"><b>Ready.</b> Press <kbd>Ctrl</kbd> <kbd>Enter</kbd> or the button again within 10 seconds. <kbd>Esc</kbd> lets go.</p>` : nothing}
      ${said && !work.armed ? html`<p class="say ${said.tone}" id="decision-say">${said.tone === 'bad' ? icon('warn') : nothing}<span><b>${said.words}</b> ${said.hint ?? ''}</span></p>` : nothing}
      <p><b>It never runs on a timeout.</b> ${card.state === 'stalled' ? 'Everybody was asked and nobody decided; it stays held.' : html`At ${clock(card.due_at)}: ${card.at_deadline}`}</p>
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
      <p class="lead"><b>${decided?.sentence ?? result?.sentence ?? ENDED[card.state] ?? ''}</b>${decided ? html` <span class="q">${clock(decided.at, true)}</span>` : nothing}</p>
      ${decided && result && result.sentence !== decided.sentence ? html`<p>${result.sentence}</p>` : nothing}
      ${result && !result.effective ? html`<p><b>This vote came too late to count.</b> It is recorded.</p>` : nothing}
      ${decided?.result ? html`<p id="outcome-result">${decided.result}</p>` : nothing}
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
