// How it looks: what is in view without scrolling, no violation that axe finds, and screenshots
// in `out/` to look at.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { DEAD_TIME, signIn, startBrowser, walkTo } from './lib/browser.mjs';
import { CALLS, startGate } from './lib/gate.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const out = join(dirname(fileURLToPath(import.meta.url)), 'out');
mkdirSync(out, { recursive: true });

let gate, browser, page;
/** @type {any} */
let terminate;

before(async () => {
  gate = await startGate();
  terminate = await gate.agent.propose(...CALLS.terminate);
  await gate.agent.propose('read_file', { path: 'idle.md' }, { run: 'clean-up' });
  for (const call of [CALLS.deploy, CALLS.mail, CALLS.shell, CALLS.long]) await gate.agent.propose(...call);
  browser = await startBrowser({ scale: 2 });
  page = browser.page;
  await signIn(page, gate.link);
  await page.waitForSelector('#facts li[data-status=false]');
});

after(async () => {
  await browser?.stop();
  await gate?.stop();
});

/** @param {string} name @param {{fullPage?: boolean}} [options] */
const shot = (name, options) => page.screenshot({ path: join(out, `${name}.png`), ...options });

/** @param {'light'|'dark'} theme */
async function paint(theme) {
  await page.emulateMedia({ colorScheme: theme });
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
}

/** Fails on any violation of the page as it stands. @param {string} where */
async function axeFinds(where) {
  // Put in by the debugger: the policy of the page lets no script in.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    // @ts-ignore: put in just above
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
  });
  assert.deepEqual(found, [], where);
}

/** Whether all of the first visible element of a selector is on screen. @param {string} selector */
async function inView(selector) {
  const box = await page.evaluate((wanted) => {
    const one = [...document.querySelectorAll(wanted)].find((element) => element.checkVisibility());
    if (!one) return null;
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const on = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return { left, top, right, bottom, width: innerWidth, height: innerHeight, covered: !on || !(one.contains(on) || on.contains(one)) };
  }, selector);
  assert.ok(box, `${selector} is not there`);
  assert.ok(box.left >= 0 && box.top >= 0 && box.right <= box.width && box.bottom <= box.height && !box.covered, `${selector} is not in view: ${JSON.stringify(box)}`);
}

for (const [width, height, name] of /** @type {const} */ ([[1440, 900, 'desk'], [390, 844, 'phone']])) {
  test(`at ${width}x${height} the sentence, the facts and Deny are in view`, async () => {
    await page.setViewportSize({ width, height });
    await page.evaluate((id) => { location.hash = `#/r/${id}`; }, terminate.request);
    await page.waitForSelector(`#request[data-request="${terminate.request}"]`);
    await page.waitForTimeout(DEAD_TIME);
    await page.evaluate(() => scrollTo(0, 0));
    for (const selector of ['#sentence', '#facts', '[data-deny]', '#risk']) await inView(selector);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `it scrolls sideways: ${wide}`);
    if (name === 'phone') await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await inView('[data-deny]');
    await page.evaluate(() => scrollTo(0, 0));
    for (const theme of /** @type {const} */ (['light', 'dark'])) {
      await paint(theme);
      await shot(`inbox-${name}-${theme}`);
      await shot(`inbox-${name}-${theme}-whole`, { fullPage: true });
      await axeFinds(`inbox, ${name}, ${theme}`);
    }
    await paint('light');
  });
}

test('at 320 pixels nothing is cut off', async () => {
  await page.setViewportSize({ width: 320, height: 700 });
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `it scrolls sideways: ${wide}`);
});

test('the editor and the dialogs', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.evaluate(() => { location.hash = '#/'; });
  await walkTo(page, terminate.request);
  await page.keyboard.press('1');
  await page.waitForSelector('#editor');
  await shot('editor');
  await axeFinds('editor');
  await page.locator('#cancel-change').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('#editor', { state: 'detached' });
  await page.waitForTimeout(DEAD_TIME);
  await page.keyboard.press('d');
  await page.waitForSelector('#deny-dialog[open]');
  await shot('deny');
  await axeFinds('deny');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('#help-dialog[open]');
  await shot('keys');
  await axeFinds('keys');
  await page.keyboard.press('Escape');
});

test('runs, log, sign-in', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.waitForSelector('#runs details');
  await page.locator('#runs summary').last().press('Enter');
  await page.waitForSelector('#runs .steps');
  await shot('runs');
  await axeFinds('runs');
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForSelector('#log tbody tr');
  await shot('log');
  await axeFinds('log');
  await page.locator('summary.av').press('Enter');
  await page.locator('#sign-out').press('Enter');
  await page.waitForSelector('#code');
  await shot('sign-in');
  await axeFinds('sign-in');
  await paint('dark');
  await axeFinds('sign-in, dark');
  assert.deepEqual(browser.faults, []);
});
