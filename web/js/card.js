// The approval card, in its fixed order: mark and tags, sentence, who, mismatch, what follows,
// safer ways, facts, exactly what will run, the agent's words, and the decision after the line.

import { html, nothing } from '../vendor/lit-html.js';
import { change, decision, deny } from './decide.js';
import { exactly } from './exact.js';
import { decidable, whyOff } from './guard.js';
import { RISKS, icon } from './icons.js';
import { isQuestion } from './kind.js';
import { isOpen, neighbour, reloadCard } from './requests.js';
import { goTo } from './route.js';
import { redraw, state } from './store.js';
import { plain, raw, text, titled } from './text.js';
import { ago, clock, countdown } from './time.js';

/** @import {Card, Text} from './types.js' */

/** @param {1|-1} step */
export function step(step) {
  const next = neighbour(step);
  if (next) goTo(next.id, { replace: true, stay: !state.atCard });
}

/** @param {Card} card */
function denyButton(card) {
  if (!isOpen(card) || isQuestion(card)) return nothing;
  return html`<button class="btn sm" data-deny ?disabled=${!decidable() || !!whyOff() || !card.can.deny} @click=${deny}>Deny <kbd>D</kbd></button>`;
}

/** @param {Card} card */
function header(card) {
  const risk = RISKS[card.risk];
  return html`<div class="ch">
    <span class="badge ${risk.badge}" id="risk">${icon(risk.mark)}${risk.word}</span>
    ${card.tags.length ? card.tags.map((tag) => html`<span class="tag">${raw(tag)}</span>`) : isQuestion(card) ? nothing : html`<span class="tag">way back not known</span>`}
    <span class="id"><span class="mono">${card.label}</span><span class="nav">
      <button aria-label="Previous request (K)" ?disabled=${!neighbour(-1)} @click=${() => step(-1)}>${icon('up', { small: true })}</button><button aria-label="Next request (J)" ?disabled=${!neighbour(1)} @click=${() => step(1)}>${icon('dn', { small: true })}</button></span>
      ${denyButton(card)}</span>
  </div>`;
}

/** @param {Card} card */
function who({ who: { agent, owner, task, asked_at } }) {
  return html`<p class="by"><b>${text(agent)}</b>, working for ${owner?.length ? html`<b>${text(owner)}</b>` : 'somebody not known'}
    ${task?.length ? html`on “${text(task)}”` : 'on a task that is not known'}. Asked at ${clock(asked_at)}, ${ago(asked_at)}.</p>`;
}

/** @param {Text[]} items */
const points = (items) => (items.length ? html`<ul>${items.map((item) => html`<li>${text(item)}</li>`)}</ul>` : html`<p class="q">Not known.</p>`);

/** @param {Card} card */
function follows(card) {
  return html`<div class="sec s-follows"><div class="two">
    <section aria-labelledby="h-yes"><h2 id="h-yes">If you approve</h2>${points(card.if_approved)}</section>
    <section aria-labelledby="h-no"><h2 id="h-no">If you deny</h2>${points(card.if_denied)}</section>
  </div></div>`;
}

/** @param {Card} card */
function safer(card) {
  const may = decidable() && !whyOff() && card.can.approve;
  return html`<section class="sec s-safer" aria-labelledby="h-safer"><div class="sech"><h2 id="h-safer">Safer ways to do it</h2>
      <span class="s">${card.safer.length ? 'choosing one changes the call; you still approve it' : 'No safer way is known.'}</span></div>
    ${card.safer.length ? html`<div class="alts">${card.safer.map((way, i) => {
      const risk = RISKS[way.becomes];
      return html`<div class="alt"><span class="d"><b>${titled(way.title)}</b> ${way.detail ? text(way.detail) : nothing}</span>
        <span class="risk ${risk.tint}">${icon(risk.mark)}${way.becomes === card.risk ? 'stays' : 'becomes'} ${risk.word}</span>
        ${isOpen(card) ? html`<button class="btn sm" data-way=${i + 1} ?disabled=${!may} @click=${() => change(i)}>Use this <span class="vh">${plain(way.title)}</span><kbd>${i + 1}</kbd></button>` : nothing}</div>`;
    })}</div>` : nothing}
  </section>`;
}

const STATUS = {
  false: { sign: 'no', word: 'False', tint: 'r-d' },
  not_known: { sign: 'unk', word: 'Not known', tint: 'r-r' },
  checking: { sign: 'wait', word: 'Checking', tint: 'r-r' },
  true: { sign: 'ok', word: 'True', tint: 'r-s' },
};

/** @param {Card} card */
function facts(card) {
  const read = card.facts.map((fact) => fact.read_at ?? 0);
  const at = Math.max(0, ...read);
  return html`<section class="sec s-facts" id="facts" aria-labelledby="h-facts"><div class="sech"><h2 id="h-facts">What has to be true</h2>
      <span class="s rt">${card.facts.length === 0 ? 'Holdshort has checked nothing for this call.' : at ? html`checked by Holdshort at ${clock(at, true)}` : 'checked by Holdshort'}</span></div>
    ${card.facts.length ? html`<ul class="chk">${card.facts.map((fact) => {
      const status = STATUS[fact.status];
      return html`<li data-status=${fact.status}><span class="g ${status.tint}">${icon(status.sign, { label: status.word })}</span>
        <span><b>${titled(fact.claim)}</b> <span class="q">${fact.status === 'checking' ? 'checking…' : fact.detail ? text(fact.detail) : fact.status === 'not_known' ? 'Could not be read.' : nothing}</span></span>
        <span class="src">${text(fact.source)}</span></li>`;
    })}</ul>` : nothing}
    <span class="mark-end" data-must-see="facts"></span>
  </section>`;
}

/** @param {Card} card */
function words({ agent_words: { reason, if_denied, alternatives, claims }, notes }) {
  return html`<section class="sec s-words" aria-labelledby="h-words"><div class="sech"><h2 id="h-words">In the agent’s own words</h2><span class="s">not checked, and written by a program that can be misled</span></div>
    <div class="words">
      ${reason?.length ? html`<p>${text(reason)}</p>` : html`<p class="q">It gave no reason.</p>`}
      ${if_denied?.length ? html`<p><span class="q">If denied:</span> ${text(if_denied)}</p>` : nothing}
      ${alternatives.length ? html`<p><span class="q">Also considered:</span> ${alternatives.map((way, i) => html`${i ? '; ' : ''}${text(way)}`)}</p>` : nothing}
      ${claims.map((claim) => html`<p><span class="q">Claimed:</span> ${text(claim)}</p>`)}
    </div>
    ${notes.map((note) => html`<p class="note">${icon('flag')}<span>${raw(note)}</span></p>`)}
  </section>`;
}

/** The line that goes with the reader on a narrow screen. */
export function stickyBar() {
  const card = state.card?.data;
  return html`<div class="mback"><a href="#/">${icon('bk', { small: true })}Inbox, ${state.queue.open} waiting</a>
    ${card && isOpen(card) ? html`<span class="left num">${card.state === 'stalled' ? 'stalled' : `${countdown(card.due_at)} left`}</span>${denyButton(card)}` : nothing}</div>`;
}

function notice() {
  const { notice } = state;
  if (!notice) return nothing;
  return html`<div class="ntc" id="notice">${icon('ok')}<span><b>${notice.label}</b> ${raw(notice.words)} <a href="#/r/${notice.id}">Open it</a></span>
    <button class="lnk" @click=${() => { state.notice = null; redraw(); }}>Dismiss</button></div>`;
}

const skeleton = html`<article class="card skel" id="request" aria-busy="true" aria-label="Loading the request"><i></i><i></i><i></i><i></i><i></i></article>`;

/** The middle column. */
export function cardColumn() {
  const { card } = state;
  if (!card) return html`<div class="mid">${notice()}${state.queue.loaded ? empty() : skeleton}</div>`;
  const { data, problem } = card;
  if (!data) {
    return html`<div class="mid">${notice()}${problem
      ? html`<article class="card none" id="request"><h1>${problem.code === 'HS3001' ? 'There is no such request here' : problem.title || 'It cannot be shown'}</h1><p class="q">${problem.message}</p><button class="btn" @click=${() => { card.problem = null; redraw(); void reloadCard(); }}>Try again</button></article>`
      : skeleton}</div>`;
  }
  return html`<div class="mid">${notice()}
    <article class="card" id="request" aria-labelledby="sentence" data-request=${data.id} data-version=${data.version} data-state=${data.state}>
      ${header(data)}
      <h1 id="sentence" tabindex="-1">${text(data.sentence)}</h1>
      ${who(data)}
      ${card.changed ? html`<div class="mis chg" id="changed" role="note">${icon('warn')}<p><b>This request changed, read again.</b> What was typed is cleared.</p><button class="btn sm" @click=${() => { card.changed = false; redraw(); }}>I have read it</button></div>` : nothing}
      ${data.again?.length ? html`<div class="mis" id="again" role="note">${icon('warn')}<p><b>Asked again:</b> ${text(data.again)}</p></div>` : nothing}
      ${data.mismatch?.length ? html`<div class="mis" id="mismatch" role="note">${icon('warn')}<p><b>The request does not match the task.</b> ${text(data.mismatch)}</p></div>` : nothing}
      ${data.held && !isQuestion(data) ? html`<div class="mis" id="held" role="note">${icon('warn')}<p><b>Nothing of its run begins now.</b> ${raw(data.held)}</p></div>` : nothing}
      ${isQuestion(data) ? nothing : html`${follows(data)}${safer(data)}${facts(data)}`}${exactly(data)}${words(data)}
      <div class="line" aria-hidden="true"></div>
      ${decision(data)}
    </article></div>`;
}

function empty() {
  const running = state.runs.items.filter((run) => run.state === 'running').length;
  return html`<article class="card none" id="request"><h1 tabindex="-1">Nothing is waiting.</h1>
    <p class="q">${state.runs.loaded ? `${running || 'No'} ${running === 1 ? 'run is' : 'runs are'} working. ` : ''}What an agent may not do alone will appear here.</p></article>`;
}
