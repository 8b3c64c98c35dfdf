// The column beside the card: time, approvals, why it was asked, and the run it belongs to.

import { html, nothing, svg } from '../vendor/lit-html.js';
import { serverNow } from './api.js';
import { RISKS, icon } from './icons.js';
import { isOpen } from './requests.js';
import { state } from './store.js';
import { raw, text } from './text.js';
import { clock, countdown } from './time.js';

/** @import {Card, RunAction} from './types.js' */

/** @param {Card} card */
function time(card) {
  if (!isOpen(card)) {
    return html`<section class="p" id="side-time"><h2>Time</h2><p>${card.decided ? html`Ended at ${clock(card.decided.at, true)}.` : 'No longer waiting.'} Asked at ${clock(card.who.asked_at, true)}.</p></section>`;
  }
  const share = Math.max(0, Math.min(100, (100 * (card.due_at - serverNow())) / Math.max(1, card.due_at - card.who.asked_at)));
  return html`<section class="p" id="side-time"><h2>Time</h2>
    ${card.state === 'stalled' ? html`<div class="clock"><b>Stalled</b><span class="q">nobody else is left to ask</span></div>` : html`<div class="clock"><b>${countdown(card.due_at)}</b><span class="q">until ${clock(card.due_at)}</span></div>
    <svg class="trk" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="${Math.round(share)} percent of the time left">${svg`<rect width=${share} height="4"/>`}</svg>`}
    <p>${raw(card.at_deadline)}</p></section>`;
}

const VOTED = { approve: 'approved', modify: 'approved a change', deny: 'denied' };

/** @param {Card} card */
function approvals(card) {
  return html`<section class="p" id="side-votes"><h2>Approvals <span>${card.votes.length} so far</span></h2>
    ${card.votes.length ? html`<ul class="slots">${card.votes.map((vote, i) => html`<li class="slot"><b class="o">${i + 1}</b>${raw(vote.by)}${vote.person ? nothing : html` <span class="pill">machine</span>`}<span>${VOTED[vote.decision]} ${clock(vote.at)}</span></li>`)}</ul>` : nothing}
    <p>${card.votes.length ? nothing : 'Nobody has decided yet. '}${card.can.why_not ?? (isOpen(card) && card.can.approve ? 'You may decide.' : nothing)}</p></section>`;
}

const AXES = /** @type {const} */ ([['way_back', 'Way back'], ['reach', 'Reach'], ['outside_effect', 'Outside effect'], ['money', 'Money']]);

/** @param {Card} card */
function why(card) {
  return html`<section class="p" id="side-why"><h2>Why you were asked <span>by rule</span></h2>
    <ul class="ax">${AXES.map(([name, title]) => {
      const { word, filled } = card.axes[name];
      const known = filled !== undefined && filled !== null;
      return html`<li><span>${title}</span><span class="seg ${known ? '' : 'unknown'}" role="img" aria-label=${known ? `${filled} of 3` : 'not known'}>${[1, 2, 3].map((n) => html`<i class=${known && n <= filled ? 'f' : ''}></i>`)}</span><span class="v">${word || 'not known'}</span></li>`;
    })}</ul>
    <p class="rule">Rule <code>${raw(card.why.rule)}</code>: ${raw(card.why.reason)}</p>
    ${card.why.evidence.length ? html`<details class="ev"><summary>What this rests on, ${card.why.evidence.length}</summary><ul>${card.why.evidence.map((item) => html`<li><span class=${RISKS[item.level].tint}>${icon(RISKS[item.level].mark, { label: RISKS[item.level].word })}</span><span>${text(item.text)} <span class="q">${item.source}</span>${item.part ? html`<code class="part">${text(item.part)}</code>` : nothing}</span></li>`)}</ul></details>` : nothing}
  </section>`;
}

/** @type {Record<string, [string, string]>} sign and word for each state of an action */
export const STATES = {
  pending: ['dotf', 'held'], approved: ['doto', 'approved'], claimed: ['doto', 'claimed'], started: ['doto', 'running'],
  succeeded: ['ok', 'ran'], failed: ['no', 'failed'], unknown: ['unk', 'not known'], denied: ['no', 'denied'], cancelled: ['no', 'withdrawn'],
};

/** The steps of a run, the last ones first if there are many. @param {RunAction[]} actions @param {string} [current] */
export function steps(actions, current) {
  return html`<ol class="steps">${actions.map((step) => {
    const [sign, word] = STATES[step.state] ?? ['doto', step.state];
    return html`<li class=${step.id === current ? 'now' : ''} aria-current=${step.id === current ? 'step' : nothing}>${icon(sign)}<span>${raw(step.sentence)}</span><span class="n">${word}</span></li>`;
  })}</ol>`;
}

const AROUND = 3;

/** @param {Card} card */
function thisRun(card) {
  const { run } = state;
  if (!run) return html`<section class="p" id="side-run"><h2>This run</h2><p>${state.offlineSince === null ? 'Loading…' : 'not known'}</p></section>`;
  const at = run.actions.findIndex((step) => step.id === card.action);
  const middle = at < 0 ? run.actions.length : at;
  const shown = run.actions.slice(Math.max(0, middle - AROUND), middle + AROUND);
  return html`<section class="p" id="side-run"><h2>This run <span>${at < 0 ? nothing : `step ${at + 1} of ${run.actions.length}`}</span></h2>
    ${steps(shown, card.action)}
    <p class="rule"><a href="#/runs/${run.id}">${raw(run.name)}</a></p></section>`;
}

/** The side column. */
export function context() {
  const card = state.card?.data;
  if (!card) return html`<aside class="ctx" aria-label="Context"></aside>`;
  return html`<aside class="ctx" aria-label="Context">${time(card)}${approvals(card)}${why(card)}${thisRun(card)}</aside>`;
}
