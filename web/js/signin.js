// The sign-in page: how to get in, and a field for a code.

import { html, nothing } from '../vendor/lit-html.js';
import { icon } from './icons.js';
import { signIn } from './session.js';
import { state, typing } from './store.js';

export function signInPage() {
  const { signin } = state;
  return html`<main class="door"><div class="doorin">
    <div class="brand">${icon('hold')}<span>Holdshort</span></div>
    <h1>Sign in to decide</h1>
    <p>Run <code>holdshort serve</code> at a terminal; it prints a link. Or ask a signed-in person for one. A link works once, and gives this browser its own signing key.</p>
    <form @submit=${(/** @type {Event} */ event) => { event.preventDefault(); void signIn(signin.code); }}>
      <label for="code">Link or code</label>
      <input class="inp mono" id="code" type="text" autocomplete="off" autocapitalize="off" spellcheck="false" .value=${signin.code} aria-describedby=${signin.problem ? 'signin-problem' : nothing}
        @input=${typing((value) => { signin.code = value; })}>
      <button class="btn solid" id="sign-in" type="submit" ?disabled=${signin.busy || !signin.code.trim()}>${signin.busy ? 'Signing in…' : 'Sign in'}</button>
    </form>
    ${signin.problem ? html`<p class="say bad" id="signin-problem" role="alert">${icon('warn')}<span>${signin.problem}</span></p>` : nothing}
  </div></main>`;
}
