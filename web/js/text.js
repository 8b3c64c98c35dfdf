// Showing text that others wrote. Everything becomes text nodes inside an isolated, left-to-right
// `bdi`; what cannot be seen is drawn as a boxed chip. Nothing here makes markup out of text.

import { html } from '../vendor/lit-html.js';

/** @import {Text} from './types.js' */

/** @param {Text} pieces */
const draw = (pieces) => pieces.map((piece) => (piece.mark ? html`<span class="inv">${piece.text}</span>` : piece.text));

/**
 * A text in display form, as the server sends it.
 * @param {Text|undefined} pieces
 */
export const text = (pieces) => html`<bdi dir="ltr">${draw(pieces ?? [])}</bdi>`;

/**
 * A plain string of unknown origin.
 * @param {string} value
 */
export const raw = (value) => text(reveal(value));

/** A title before more text: ends like a sentence. @param {Text} pieces */
export const titled = (pieces) => html`${text(pieces)}${/[.!?]$/.test(plain(pieces)) ? '' : '.'}`;

/**
 * The characters alone, for names of controls and for titles.
 * @param {Text} pieces
 */
export const plain = (pieces) => pieces.map((piece) => (piece.mark ? `‹${piece.text}›` : piece.text)).join('');

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u115f\u1160\u3164\uffa0]/gu;

/**
 * Makes what is invisible visible. The server does this for every `Text`; this is for the few
 * strings that come as they are: run names, and the lines of the editor's comparison.
 * @param {string} value
 * @returns {Text}
 */
export function reveal(value) {
  /** @type {Text} */
  const pieces = [];
  let from = 0;
  for (const hit of value.matchAll(UNSEEN)) {
    if (hit.index > from) pieces.push({ text: value.slice(from, hit.index) });
    const code = /** @type {number} */ (hit[0].codePointAt(0));
    pieces.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, '0')}`, mark: true });
    from = hit.index + hit[0].length;
  }
  if (from < value.length) pieces.push({ text: value.slice(from) });
  return pieces;
}

/** @param {Text} pieces */
export const length = (pieces) => pieces.reduce((sum, piece) => sum + piece.text.length, 0);

const SHOWN_IN_FULL = 4000;
const LINES_IN_FULL = 80;
const END = 1500;

/**
 * Cuts a long text into its two ends; `null` when it is short enough to show whole.
 * @param {Text} pieces
 * @returns {{head: Text, between: number, tail: Text} | null}
 */
export function cut(pieces) {
  const total = length(pieces);
  const lines = pieces.reduce((sum, piece) => sum + piece.text.split('\n').length - 1, 1);
  if ((total <= SHOWN_IN_FULL && lines <= LINES_IN_FULL) || total <= 2 * END) return null;
  return { head: slice(pieces, 0, END), between: total - 2 * END, tail: slice(pieces, total - END, total) };
}

/** @param {Text} pieces @param {number} from @param {number} to */
function slice(pieces, from, to) {
  /** @type {Text} */
  const out = [];
  let at = 0;
  for (const piece of pieces) {
    const [start, end] = [Math.max(from - at, 0), Math.min(to - at, piece.text.length)];
    if (end > start) out.push(piece.mark ? piece : { text: piece.text.slice(start, end) });
    at += piece.text.length;
  }
  return out;
}
