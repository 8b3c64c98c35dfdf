// The marks and signs, as SVG symbols drawn once, and the way to use them. Marks differ in shape
// and fill, not only in colour; none is green.

import { html, render, svg, nothing } from '../vendor/lit-html.js';

const line = (/** @type {string} */ d, width = '1.7') => svg`<path fill="none" stroke="currentColor" stroke-width=${width} stroke-linecap="round" stroke-linejoin="round" d=${d}/>`;

const SYMBOLS = html`<svg width="0" height="0" aria-hidden="true">
  <symbol id="m-d" viewBox="0 0 16 16"><path fill="currentColor" fill-rule="evenodd" d="M4.9.9h6.2l4 4v6.2l-4 4H4.9l-4-4V4.9zM3.8 6.9v2.2h8.4V6.9z"/></symbol>
  <symbol id="m-r" viewBox="0 0 16 16">${line('M8 1.4 14.6 8 8 14.6 1.4 8z')}<path fill="currentColor" d="M1.4 8h13.2L8 14.6z"/></symbol>
  <symbol id="m-s" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.1" fill="none" stroke="currentColor" stroke-width="1.7"/><circle cx="8" cy="8" r="1.5" fill="currentColor"/></symbol>
  <symbol id="hold" viewBox="0 0 24 24"><rect class="logo-bg" width="24" height="24" rx="6"/><path class="logo-fg" d="M4 5.4h16v2H4zM4 9.4h16v2H4zM4 13.4h4.4v2H4zM9.8 13.4h4.4v2H9.8zM15.6 13.4H20v2h-4.4zM4 17.2h4.4v2H4zM9.8 17.2h4.4v2H9.8zM15.6 17.2H20v2h-4.4z"/></symbol>
  <symbol id="ok" viewBox="0 0 16 16">${line('M3 8.6 6.4 12 13 4.6', '1.9')}</symbol>
  <symbol id="no" viewBox="0 0 16 16">${line('m4 4 8 8M12 4l-8 8', '2')}</symbol>
  <symbol id="unk" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 2.2"/>${line('M5.6 8h4.8', '1.6')}</symbol>
  <symbol id="wait" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 2.2"/>${line('M8 4.8V8l2.2 1.4', '1.5')}</symbol>
  <symbol id="warn" viewBox="0 0 18 18">${line('M9 2.2 16.6 15.4H1.4z')}${line('M9 7v3.6M9 12.9v.1', '1.8')}</symbol>
  <symbol id="up" viewBox="0 0 16 16">${line('m4 10 4-4 4 4')}</symbol>
  <symbol id="dn" viewBox="0 0 16 16">${line('m4 6 4 4 4-4')}</symbol>
  <symbol id="bk" viewBox="0 0 16 16">${line('M10 3.5 5.5 8l4.5 4.5', '1.8')}</symbol>
  <symbol id="lock" viewBox="0 0 16 16"><rect x="3" y="7" width="10" height="7" rx="1.6" fill="none" stroke="currentColor" stroke-width="1.5"/>${line('M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2', '1.5')}</symbol>
  <symbol id="dotf" viewBox="0 0 16 16"><circle cx="8" cy="8" r="4" fill="currentColor"/></symbol>
  <symbol id="doto" viewBox="0 0 16 16"><circle cx="8" cy="8" r="3.6" fill="none" stroke="currentColor" stroke-width="1.6"/></symbol>
  <symbol id="flag" viewBox="0 0 16 16">${line('M3.5 14V2.5h8.6L10 5.7l2.1 3.3H3.5')}</symbol>
</svg>`;

/** Puts the symbols into the page, once. */
export function install() {
  const place = /** @type {HTMLElement} */ (document.getElementById('symbols'));
  render(SYMBOLS, place);
}

/**
 * A sign. With a label it is an image for a screen reader, without one it is decoration.
 * @param {string} name
 * @param {{label?: string, small?: boolean}} [options]
 */
export const icon = (name, { label, small } = {}) => html`<svg class=${small ? 'i' : nothing} role=${label ? 'img' : nothing} aria-label=${label ?? nothing} aria-hidden=${label ? nothing : 'true'}><use href="#${name}"></use></svg>`;

export const RISKS = {
  dangerous: { word: 'Dangerous', mark: 'm-d', tint: 'r-d', badge: 'd' },
  risky: { word: 'Risky', mark: 'm-r', tint: 'r-r', badge: 'r' },
  safe: { word: 'Safe', mark: 'm-s', tint: 'r-s', badge: 's' },
};
