// A fresh Chromium, and the few things these tests do with a page.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** After this a card takes keys; before it, none. */
export const DEAD_TIME = 650;
/** From arming by a field's Ctrl+Enter until it can be committed. */
export const SETTLE = 450;

/** Starts a browser with nothing in it. */
export async function startBrowser({ width = 1440, height = 900, theme = 'light', scale = 1 } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'holdshort-e2e-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, chromiumSandbox: false,
    viewport: { width, height }, deviceScaleFactor: scale, colorScheme: /** @type {'light'|'dark'} */ (theme),
  });
  context.setDefaultTimeout(8000);
  const page = context.pages()[0] ?? await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on('pageerror', (fault) => faults.push(String(fault)));
  page.on('console', (line) => { if (/Content.Security.Policy|violates/i.test(line.text())) faults.push(line.text()); });
  const stop = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, page, faults, stop };
}

/** Presses keys one after the other. @param {import('playwright-core').Page} page @param {string[]} keys */
export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/** The text of an element, blanks made single. @param {import('playwright-core').Page} page @param {string} selector */
export const words = async (page, selector) => ((await page.textContent(selector)) ?? '').replace(/\s+/g, ' ').trim();

/** Signs in with a link and waits for the list. @param {import('playwright-core').Page} page @param {string} link */
export async function signIn(page, link) {
  await page.goto(link);
  await page.waitForSelector('#queue');
}

/** Goes to a card with J and K alone. @param {import('playwright-core').Page} page @param {string} request */
export async function walkTo(page, request) {
  await page.waitForSelector(`[data-item="${request}"]`);
  await page.keyboard.press('Escape');
  const [from, to] = await page.evaluate((wanted) => {
    const lines = [...document.querySelectorAll('[data-item]')];
    return [lines.findIndex((line) => line.getAttribute('aria-current')), lines.findIndex((line) => /** @type {HTMLElement} */ (line).dataset.item === wanted)];
  }, request);
  for (let at = from; at !== to; at += Math.sign(to - from)) await page.keyboard.press(to > from ? 'j' : 'k');
  await page.waitForSelector(`#request[data-request="${request}"]`);
  await page.waitForTimeout(DEAD_TIME);
}

/** Does with the keyboard what has to be done before Approve unlocks: expands, scrolls, types. @param {import('playwright-core').Page} page */
export async function unlock(page) {
  for (let tries = 0; tries < 12; tries += 1) {
    await page.keyboard.press('a');
    await page.waitForTimeout(120);
    const where = await page.evaluate(() => [document.activeElement?.id ?? '', document.activeElement?.hasAttribute('data-expand') ?? false, !!document.querySelector('.armed')]);
    if (where[2]) return;
    if (where[1]) { await page.keyboard.press('Enter'); await page.waitForTimeout(60); }
    if (where[0] === 'confirm') return;
  }
  assert.fail(`Approve stays locked: ${await words(page, '#decision-note')}`);
}

/** Looks again until it is good, for four seconds. @template T @param {() => Promise<T>} look @param {(value: T) => boolean} good */
export async function until(look, good) {
  let value = await look();
  for (let tries = 0; tries < 40 && !good(value); tries += 1) {
    await new Promise((done) => { setTimeout(done, 100); });
    value = await look();
  }
  assert.ok(good(value), `still ${JSON.stringify(value)}`);
  return value;
}

/** Presses Tab until the element has the focus. @param {import('playwright-core').Page} page @param {string} selector */
export async function tabTo(page, selector, key = 'Tab') {
  for (let tries = 0; tries < 80; tries += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${selector}`);
}
