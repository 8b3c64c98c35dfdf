// A line comparison of two texts, longest common subsequence, with unchanged stretches folded.

import { html } from '../vendor/lit-html.js';
import { reveal, text } from './text.js';

/** @typedef {{sign: ' '|'-'|'+', line: string}} Row */

const AROUND = 2;
const TOO_MANY = 1_500_000;

/** @param {string} before @param {string} after @returns {Row[]} */
export function rows(before, after) {
  const a = before.split('\n'), b = after.split('\n');
  let start = 0, endA = a.length, endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start += 1;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA -= 1; endB -= 1; }
  const keep = (/** @type {string} */ line) => /** @type {Row} */ ({ sign: ' ', line });
  return [...a.slice(0, start).map(keep), ...middle(a.slice(start, endA), b.slice(start, endB)), ...a.slice(endA).map(keep)];
}

/** @param {string[]} a @param {string[]} b @returns {Row[]} */
function middle(a, b) {
  const [n, m] = [a.length, b.length];
  const gone = (/** @type {string} */ line) => /** @type {Row} */ ({ sign: '-', line });
  const come = (/** @type {string} */ line) => /** @type {Row} */ ({ sign: '+', line });
  if (n * m > TOO_MANY) return [...a.map(gone), ...b.map(come)];
  const width = m + 1;
  const best = new Uint32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  /** @type {Row[]} */
  const out = [];
  let i = 0, j = 0;
  while (i < n && j < m) {
    if (a[i] === b[j]) { out.push({ sign: ' ', line: a[i] }); i += 1; j += 1; }
    else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) out.push(gone(a[i++]));
    else out.push(come(b[j++]));
  }
  return [...out, ...a.slice(i).map(gone), ...b.slice(j).map(come)];
}

const KINDS = { ' ': ['', 'unchanged'], '-': ['del', 'removed'], '+': ['add', 'added'] };

/** The comparison as a list. Unchanged lines with something invisible in them are never folded. @param {string} before @param {string} after */
export function compare(before, after) {
  const all = rows(before, after);
  const near = (/** @type {number} */ at) => all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((row) => row.sign !== ' ');
  /** @type {unknown[]} */
  const out = [];
  let folded = 0;
  const fold = () => {
    if (folded) out.push(html`<li class="fold">${folded} unchanged line${folded === 1 ? '' : 's'}</li>`);
    folded = 0;
  };
  all.forEach((row, at) => {
    const pieces = reveal(row.line);
    if (row.sign === ' ' && !near(at) && !pieces.some((piece) => piece.mark)) { folded += 1; return; }
    fold();
    const [tint, word] = KINDS[row.sign];
    out.push(html`<li class=${tint}><span class="sg" aria-hidden="true">${row.sign}</span><span class="vh">${word}: </span>${text(pieces)}</li>`);
  });
  fold();
  const count = (/** @type {string} */ sign) => all.filter((row) => row.sign === sign).length;
  return html`<p class="q" id="diff-sum">${count('-') + count('+') ? `${count('-')} removed, ${count('+')} added` : 'Nothing is changed yet.'}</p>
    <ol class="diff" id="diff" aria-label="Changes">${out}</ol>`;
}
