// "Exactly what will run": the tool, where, the commands one a line, and every argument. Long
// values show both ends, long lists their first dozen, until they are expanded.

import { html, nothing } from '../vendor/lit-html.js';
import { isQuestion } from './kind.js';
import { redraw, state } from './store.js';
import { cut, length, raw, text } from './text.js';

/** @import {Card, ExactArgument} from './types.js' */

const FIRST = 12;
const NUMBER = new Intl.NumberFormat('en-GB');

/** @param {string} key */
function expand(key) {
  state.work.expanded.add(key);
  redraw();
}

/** @param {ExactArgument} argument @param {number} index */
function value(argument, index) {
  const { items } = argument;
  const key = `arg-${index}`;
  const whole = state.work.expanded.has(key);
  if (items?.length) {
    const shown = whole ? items : items.slice(0, FIRST);
    const longest = Math.max(...items.map(length));
    return html`<ol class="items ${longest > 22 ? 'long' : longest > 8 ? '' : 'short'}">${shown.map((item) => html`<li class="mono">${text(item)}</li>`)}</ol>
      ${shown.length < items.length ? html`<button class="lnk" data-expand=${key} @click=${() => expand(key)}>Show all ${NUMBER.format(items.length)}</button>` : nothing}`;
  }
  const ends = whole ? null : cut(argument.value);
  if (!ends) return html`<div class="val mono">${text(argument.value)}${argument.value.length ? nothing : html`<span class="q">empty</span>`}</div>`;
  return html`<div class="val mono">${text(ends.head)}</div>
    <button class="lnk" data-expand=${key} @click=${() => expand(key)}>${NUMBER.format(ends.between)} characters between, show</button>
    <div class="val mono">${text(ends.tail)}</div>`;
}

/** @param {ExactArgument} argument */
const size = ({ items, chars, secret }) => [secret ? 'a secret, masked' : '', items?.length ? `${NUMBER.format(items.length)} items` : chars > 200 ? `${NUMBER.format(chars)} characters` : ''].filter(Boolean).join(', ');

/** Whether something is still folded. @param {Card} card */
export const folded = (card) => card.exact.arguments.some((argument, index) => !state.work.expanded.has(`arg-${index}`) && ((argument.items?.length ?? 0) > FIRST || (!argument.items?.length && cut(argument.value) !== null)));

/** @param {Card} card */
export function exactly(card) {
  const { exact } = card;
  return html`<section class="sec s-exact" aria-labelledby="h-exact"><div class="sech"><h2 id="h-exact">${isQuestion(card) ? 'How far it is' : 'Exactly what will run'}</h2>
      <span class="s rt">${isQuestion(card) ? 'nothing runs by an answer' : 'rendered from the held call'}, binding <span class="mono">${card.binding.replace(/^(.*:)?(.{4}).*(.{4})$/, '$2…$3')}</span></span></div>
    <div class="exact" id="exact">
      ${exact.uninspectable ? html`<p class="unin"><b>It cannot be shown in full.</b> ${raw(exact.uninspectable)}</p>` : nothing}
      ${exact.command.length ? html`<ol class="cmd" aria-label="Commands">${exact.command.map((line) => html`<li><span class="k" aria-hidden="true">$ </span>${text(line)}</li>`)}</ol>` : nothing}
      <dl class="args">
        ${isQuestion(card) ? nothing : html`<div><dt>tool</dt><dd class="mono">${text(exact.tool)}${exact.server ? html`<span class="q"> of ${text(exact.server)}</span>` : nothing}</dd></div>
        <div><dt>runs in</dt><dd class=${exact.cwd ? 'mono' : 'q'}>${exact.cwd ? text(exact.cwd) : 'not known'}</dd></div>`}
        ${exact.arguments.map((argument, index) => html`<div><dt class="mono">${text(argument.name)}${size(argument) ? html`<small>${size(argument)}</small>` : nothing}</dt><dd>${value(argument, index)}</dd></div>`)}
        ${exact.arguments.length ? nothing : html`<div><dt>arguments</dt><dd class="q">none</dd></div>`}
      </dl>
    </div>
    <span class="mark-end" data-must-see="exact"></span>
  </section>`;
}
