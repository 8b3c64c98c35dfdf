// Sending a vote, with the proof that a person cast it, and what to do with the answer. Nothing here
// shows a success before the server reports it.

import { Problem, post } from './api.js';
import { write } from './json.js';
import { loadQueue, nextOpen, reloadCard } from './requests.js';
import { goTo } from './route.js';
import { announce, redraw, state } from './store.js';

/** @import {Card, Decision, VoteReply} from './types.js' */

/**
 * @param {Card} card
 * @param {Decision} decision
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

/** @param {Card} card @param {Decision} decision @param {VoteReply} reply @param {import('./store.js').Work} work */
function done(card, decision, reply, work) {
  Object.assign(work, { sending: null, deny: null, edit: null, result: reply });
  announce(reply.sentence);
  const here = state.work === work;
  if (here && decision !== 'approve' && reply.effective) {
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
