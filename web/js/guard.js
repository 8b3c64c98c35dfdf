// What may be decided now, and what keeps Approve locked.

import { editProblem } from './edit.js';
import { folded } from './exact.js';
import { isOpen } from './requests.js';
import { unseen } from './seen.js';
import { state } from './store.js';

/** @import {Card} from './types.js' */

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
