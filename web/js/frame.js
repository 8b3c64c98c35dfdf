// The frame around every page: top bar, tabs, theme, who is signed in, and the banners that say
// why something is off.

import { html, nothing } from '../vendor/lit-html.js';
import { icon } from './icons.js';
import { redraw, remember, state } from './store.js';
import { signOut } from './session.js';
import { hours } from './time.js';

const TABS = /** @type {const} */ ([['inbox', '#/', 'Inbox'], ['runs', '#/runs', 'Runs'], ['log', '#/log', 'Log']]);

const tabs = () => TABS.map(([page, address, title]) => html`<a href=${address} aria-current=${state.page === page ? 'page' : nothing}>${title}${page === 'inbox' ? html` <b class="num">${state.queue.open || ''}</b>` : nothing}</a>`);

/** @param {'auto'|'light'|'dark'} theme */
function setTheme(theme) {
  state.theme = theme;
  remember('theme', theme);
  dispatchEvent(new Event('holdshort-theme'));
  redraw();
}

/** @param {string} name unique in the page */
const themes = (name) => html`<fieldset class="theme"><legend class="vh">Theme</legend>${/** @type {const} */ (['auto', 'light', 'dark']).map((theme) => html`<label><input class="vh" type="radio" name=${name} value=${theme} .checked=${state.theme === theme} @change=${() => setTheme(theme)}>${theme[0].toUpperCase()}${theme.slice(1)}</label>`)}</fieldset>`;

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  const heading = [...document.querySelectorAll('main h1, main [aria-level="1"]')].find((title) => title.checkVisibility());
  /** @type {HTMLElement|undefined} */ (heading)?.focus();
}

/** @param {string} name */
const initials = (name) => name.split(/\s+/).map((part) => part[0] ?? '').slice(0, 2).join('').toUpperCase();

export function topBar() {
  const { me } = state;
  if (!me) return nothing;
  const off = state.offlineSince !== null;
  return html`<header class="top">
    <a class="skip" href=${location.hash || '#/'} @click=${skip}>Skip to ${state.page === 'inbox' ? 'the open request' : 'the page'}</a>
    <a class="brand" href="#/">${icon('hold')}<span>Holdshort</span></a>
    ${me.workspace === 'Holdshort' ? nothing : html`<span class="ws"><bdi dir="ltr">${me.workspace}</bdi></span>`}
    <nav class="tabs" aria-label="Main">${tabs()}</nav>
    <span class="sp"></span>
    <span class="live ${off ? 'off' : ''}" id="connection"><i></i>${off ? 'Not connected' : state.live ? 'Live' : 'Connecting'}</span>
    ${themes('theme')}
    <details class="me"><summary class="av">${initials(me.name)}<span class="vh">, signed in as ${me.name}</span></summary>
      <div class="menu"><p>Signed in as <b><bdi dir="ltr">${me.name}</bdi></b><br><span class="q"><bdi dir="ltr">${me.workspace}</bdi>, ${me.mode === 'team' ? 'a team' : 'personal'}</span></p>
        <nav class="only-narrow" aria-label="Pages">${tabs()}</nav><div class="only-narrow">${themes('theme-menu')}</div>
        <button class="btn sm" id="sign-out" @click=${signOut}>Sign out</button></div></details>
  </header>`;
}

export function banners() {
  return html`${state.signin.problem ? html`<div class="ban" id="link-problem" role="status">${icon('warn')}<p><b>The sign-in link did not work.</b> ${state.signin.problem} You are still signed in as before.</p><button class="lnk" @click=${() => { state.signin.problem = null; redraw(); }}>Dismiss</button></div>` : nothing}
    ${state.offlineSince !== null ? html`<div class="ban" id="offline" role="status">${icon('warn')}<p><b>Not connected since ${hours(state.offlineSince)}.</b> You can read; deciding is off.</p></div>` : nothing}
    ${state.me && !state.key ? html`<div class="ban" id="no-key" role="status">${icon('lock')}<p><b>This browser holds no signing key for you, so deciding is off.</b> You can read. To decide here, open a new sign-in link: run <code>holdshort serve</code> at a terminal, or ask a signed-in person for one.</p></div>` : nothing}`;
}
