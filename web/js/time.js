// Times in words. The wire carries microseconds since 1970; the page shows local time with the
// zone on hover, and counts down from the server's clock.

import { html } from '../vendor/lit-html.js';
import { serverNow } from './api.js';

const HOURS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

/** @param {number} at */
const date = (at) => new Date(at / 1000);
/** @param {number} at */
const today = (at) => date(at).toDateString() === date(serverNow()).toDateString();

/** @param {number} at @param {boolean} [seconds] */
export function clock(at, seconds = false) {
  const time = (seconds ? SECONDS : HOURS).format(date(at));
  return html`<time class="num" datetime=${date(at).toISOString()} title=${FULL.format(date(at))}>${today(at) ? time : `${DAY.format(date(at))}, ${time}`}</time>`;
}

/** @param {number} at */
export const hours = (at) => HOURS.format(date(at));

/** @param {number} at */
export function ago(at) {
  const seconds = Math.max(0, (serverNow() - at) / 1e6);
  if (seconds < 45) return 'just now';
  return `${span(Math.max(60, seconds))} ago`;
}

/** Seconds until `at`, never below 0. @param {number} at */
export const secondsTo = (at) => Math.max(0, Math.ceil((at - serverNow()) / 1e6));

/** A running clock, for under an hour; words above. @param {number} at */
export function countdown(at) {
  const left = secondsTo(at);
  if (left >= 3600) return short(left);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

/** The same in the queue, where only the nearest ones run. @param {number} at */
export function left(at) {
  const seconds = secondsTo(at);
  if (seconds === 0) return { words: 'time is up', soon: true };
  if (seconds < 15 * 60) return { words: `${countdown(at)} left`, soon: true };
  return { words: short(seconds), soon: false };
}

/** @param {number} seconds */
function short(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 180) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** @param {number} seconds */
function span(seconds) {
  for (const [unit, size] of /** @type {const} */ ([['day', 86400], ['hour', 3600], ['minute', 60]])) {
    const n = Math.floor(seconds / size);
    if (n) return `${n} ${unit}${n === 1 ? '' : 's'}`;
  }
  return 'a moment';
}
