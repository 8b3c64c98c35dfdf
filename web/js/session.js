// Signing in with a one-time code, finding out who is signed in, and signing out.

import { Problem, get, post } from './api.js';
import { forget, generate, load, save } from './key.js';
import { codeFrom } from './route.js';
import { redraw, state } from './store.js';

/** @import {Me} from './types.js' */

/** What to do once somebody is signed in. @type {() => void} */
let begin = () => {};
/** What to do once nobody is any more. @type {() => void} */
let end = () => {};

/** @param {{begin: () => void, end: () => void}} hooks */
export const onSession = (hooks) => { ({ begin, end } = hooks); };

/** Continues a session if there is one, or opens one with the key that this browser holds. */
export async function resume() {
  const key = await load();
  try {
    enter(await get('/v1/me'), key);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401 && key) {
      const me = await post('/v1/sessions', '', key).catch(() => null);
      if (me) return enter(me, key);
    }
    state.phase = 'signin';
    if (problem.status !== 401) state.signin.problem = problem.message;
    redraw();
  }
}

/** @param {Me} me @param {import('./key.js').StoredKey|null} key */
function enter(me, key) {
  state.me = me;
  state.key = key?.person === me.id ? key : null;
  state.phase = 'in';
  Object.assign(state.signin, { code: '', busy: false, problem: null });
  redraw();
  begin();
}

/** Uses a code: makes a key here, enrols it, and signs in. @param {string} typed a code or a whole link */
export async function signIn(typed) {
  const { signin } = state;
  const code = codeFrom(typed);
  if (!code || signin.busy) return;
  Object.assign(signin, { busy: true, problem: null });
  redraw();
  try {
    const pair = await generate();
    if (!pair) throw new Problem({ detail: NO_KEYS });
    const { key_id, me } = await post('/v1/enrolments/redeem', JSON.stringify({ code, public_key: pair.public_key, surface: 'browser' }));
    const key = { key_id, person: me.id, secret: pair.secret };
    await save(key);
    enter(me, key);
  } catch (problem) {
    const words = problem instanceof Error ? problem.message : String(problem);
    const hint = problem instanceof Problem && problem.hint ? ` ${problem.hint}` : '';
    Object.assign(signin, { busy: false, problem: words + hint });
    if (state.phase === 'boot') await resume();
    Object.assign(signin, { problem: words + hint });
    redraw();
  }
}

const NO_KEYS = 'This browser cannot hold a signing key here. Open Holdshort at http://127.0.0.1 or over https, in a current browser.';

export async function signOut() {
  try { await post('/v1/sign-out'); } catch (problem) {
    if (problem instanceof Problem && problem.offline) return;
  }
  await forget().catch(() => {});
  end();
  Object.assign(state, { phase: 'signin', me: null, key: null, card: null });
  redraw();
}
