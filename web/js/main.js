// Starts the page: signs in or resumes, opens the feed, and draws whatever the state says.

import { html, nothing, render } from '../vendor/lit-html.js';
import { cardColumn, stickyBar } from './card.js';
import { context } from './context.js';
import { denyDialog } from './deny.js';
import * as feed from './feed.js';
import { banners, topBar } from './frame.js';
import { install } from './icons.js';
import { listen } from './keys.js';
import { loadLog, logPage } from './log.js';
import { queue } from './queue.js';
import { loadQueue } from './requests.js';
import { follow, takeCode } from './route.js';
import { loadRuns, runsPage, showRun } from './runs.js';
import { watch } from './seen.js';
import { onSession, resume, signIn } from './session.js';
import { signInPage } from './signin.js';
import { announce, onChange, redraw, state } from './store.js';
import { secondsTo } from './time.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

function page() {
  if (state.page === 'runs') return runsPage();
  if (state.page === 'log') return logPage();
  return html`<main class="inbox ${state.atCard ? 'at-card' : 'at-list'}">${state.atCard ? stickyBar() : nothing}${queue()}${cardColumn()}${context()}</main>`;
}

/** The list of keys: loaded when it is first asked for. @type {typeof import('./help.js')|null} */
let keys = null;

function help() {
  if (keys) return keys.helpDialog();
  void import('./help.js').then((module) => { keys = module; redraw(); });
  return nothing;
}

function draw() {
  if (state.phase === 'boot') return;
  const inside = state.phase === 'in';
  render(inside ? html`${topBar()}${banners()}${page()}${denyDialog()}${state.help ? help() : nothing}` : signInPage(), app);
  document.title = inside && state.queue.open ? `${state.queue.open} waiting · Holdshort` : 'Holdshort';
  for (const dialog of /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll('dialog[data-modal]'))) {
    if (!dialog.open) dialog.showModal();
  }
  watch();
}

/** Follows the address, and loads what its page needs. */
function navigate() {
  const code = takeCode();
  if (code) return void signIn(code);
  if (state.phase !== 'in') return;
  const before = state.page;
  follow();
  if (state.page !== before) { state.search = ''; scrollTo({ top: 0 }); }
  if (state.page === 'log') void loadLog();
  if (state.page !== 'log') void loadRuns();
  if (state.page === 'runs' && location.hash.split('/')[2]) showRun(location.hash.split('/')[2]);
}

/** Every second: countdowns move, and the last minutes are said aloud. */
function tick() {
  if (state.phase !== 'in') return;
  const card = state.card?.data;
  if (card?.state === 'open') {
    const left = secondsTo(card.due_at);
    if (left === 300) announce('5 minutes left; then it stays held.');
    if (left === 60) announce('1 minute left; then it stays held.');
  }
  if (document.visibilityState === 'visible') redraw();
}

let started = false;

onSession({
  begin() {
    if (!started) { listen(); setInterval(tick, 1000); }
    if (started) feed.connect(); else feed.start();
    started = true;
    navigate();
    void loadQueue();
  },
  end: feed.stop,
});

install();
onChange(draw);
addEventListener('hashchange', navigate);
const code = takeCode();
void (code ? signIn(code) : resume());
