// Deciding with the keyboard alone, against a real server: what the agent is then told, and what
// never decides.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { DEAD_TIME, SETTLE, press, signIn, startBrowser, tabTo, unlock, until, walkTo, words } from './lib/browser.mjs';
import { CALLS, IDLE, lockFleet, startGate } from './lib/gate.mjs';

let gate, browser, page;

before(async () => {
  gate = await startGate();
  // Two that stay, so that J and K have somewhere to go.
  await gate.agent.propose(...CALLS.deploy);
  await gate.agent.propose(...CALLS.shell);
  browser = await startBrowser();
  page = browser.page;
  await signIn(page, gate.link);
  await page.waitForSelector('#sentence');
});

after(async () => {
  await browser?.stop();
  await gate?.stop();
});

afterEach(() => assert.deepEqual(browser.faults, []));

let calls = 0;

/**
 * A proposed call, with its card on screen; in a run of its own, for what was denied in a run
 * stays denied there.
 * @param {keyof CALLS} name
 */
async function held(name) {
  const [tool, args, more] = CALLS[name];
  calls += 1;
  const action = await gate.agent.propose(tool, args, { ...more, call_id: `call-${calls}`, run: `${more.run}-${calls}` });
  assert.equal(action.state, 'pending');
  await walkTo(page, action.request);
  await page.waitForSelector('#facts li[data-status=checking]', { state: 'detached' });
  return action;
}

/** Ctrl+Enter twice, with the time between that a slip does not leave. */
async function commit() {
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('.armed');
  await page.waitForTimeout(SETTLE);
  await page.keyboard.press('Control+Enter');
}

const stateOf = async (action) => (await gate.agent.look(action.id)).state;

test('approve: the typed fact, then Ctrl+Enter twice; the agent runs the same arguments', async () => {
  const action = await held('terminate');
  assert.equal(await words(page, '#sentence'), 'Permanently terminate 47 instances in eu-west-1');
  assert.match(await words(page, '#facts'), /31 of the 47 are standbys/);
  assert.match(await words(page, '.words'), /idleU\+200B and safe/);
  assert.equal((await gate.agent.claim(action.id)).answer, 'wait');
  await unlock(page);
  await page.keyboard.type('46');
  await page.keyboard.press('Control+Enter');
  assert.equal(await page.locator('.armed').count(), 0, 'the wrong fact arms nothing');
  await press(page, 'Backspace', '7');
  await commit();
  await page.waitForSelector('#outcome');
  assert.match(await words(page, '#outcome'), /^Approved by Dana Kim/);
  const claim = await gate.agent.claim(action.id);
  assert.equal(claim.answer, 'proceed');
  assert.deepEqual(claim.arguments, CALLS.terminate[1]);
  assert.equal(claim.action.decided_by_person, true);
  assert.equal(claim.action.modified, false);
});

test('no single key approves, and Enter alone never does', async () => {
  const action = await held('terminate');
  await unlock(page);
  await page.keyboard.type('47');
  await press(page, 'Enter', 'Enter');
  assert.equal(await page.locator('.armed').count(), 0, 'Enter in the field arms nothing');
  await tabTo(page, '#approve');
  for (const key of ['Enter', 'Enter', 'Enter', ' ', ' ', 'y', 'a', 'A', 'Shift+Enter', 'Alt+Enter']) {
    await page.keyboard.press(key);
    await page.waitForTimeout(60);
  }
  assert.equal(await page.locator('.armed').count(), 1);
  // Held down, it repeats; a repeat is not a second press.
  await page.keyboard.press('Escape');
  await page.keyboard.down('Control');
  for (let n = 0; n < 8; n += 1) { await page.keyboard.down('Enter'); await page.waitForTimeout(80); }
  await page.keyboard.up('Enter');
  await page.keyboard.up('Control');
  await page.waitForTimeout(300);
  assert.equal(await stateOf(action), 'pending');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.armed').count(), 0);
});

test('a card that has just appeared takes no deciding key', async () => {
  await page.keyboard.press('Escape');
  await page.locator('#sentence').focus();
  await page.keyboard.press('k');
  await press(page, 'd', 'e', '1', 'a', 'Control+Enter');
  assert.equal(await page.locator('#deny-dialog, #editor, .armed').count(), 0);
});

test('modify: key 1 puts the safer way in; the agent runs that', async () => {
  const action = await held('terminate');
  await page.keyboard.press('1');
  await page.waitForSelector('#editor');
  assert.match(await words(page, '#diff-sum'), /^31 removed, 0 added|^3\d removed/);
  await tabTo(page, '#confirm');
  await page.keyboard.type('47');
  await commit();
  await until(() => stateOf(action), (state) => state === 'approved');
  const claim = await gate.agent.claim(action.id);
  assert.equal(claim.answer, 'proceed');
  assert.deepEqual(claim.arguments, { region: 'eu-west-1', instance_ids: IDLE.slice(31) });
  assert.equal(claim.action.modified, true);
});

test('edit: E opens the call as a form; only what was typed differs', async () => {
  const action = await held('mail');
  await page.keyboard.press('e');
  await page.waitForSelector('#editor');
  const field = await page.evaluate(() => [...document.querySelectorAll('.fld')].find((one) => one.querySelector('label')?.textContent?.includes('subject'))?.querySelector('input')?.id);
  await tabTo(page, `#${field}`);
  await press(page, 'Control+a');
  await page.keyboard.type('Your prices stay');
  if (await page.locator('#confirm').count()) {
    await tabTo(page, '#confirm');
    await page.keyboard.type(await expected(action));
  }
  await commit();
  await until(() => stateOf(action), (state) => state === 'approved');
  const claim = await gate.agent.claim(action.id);
  assert.equal(claim.answer, 'proceed');
  assert.deepEqual(claim.arguments, { ...CALLS.mail[1], subject: 'Your prices stay' });
});

/** What the card asks to type; a person reads it off the page. @param {any} action */
const expected = (action) => page.evaluate(async (id) => (await (await fetch(`/v1/requests/${id}`)).json()).confirm.expected, action.request);

test('deny: D, a reason, Enter; the reason reaches the agent', async () => {
  const action = await held('mail');
  await page.keyboard.press('d');
  await page.waitForSelector('#deny-dialog[open]');
  await press(page, '3', 'Enter');
  await until(() => stateOf(action), (state) => state === 'denied');
  const claim = await gate.agent.claim(action.id);
  assert.equal(claim.answer, 'replan');
  assert.match(claim.because, /Wrong target or environment\./);
  assert.equal(claim.arguments ?? null, null);
  assert.equal((await gate.agent.look(action.id)).reason, 'Wrong target or environment.');
});

test('deny in own words', async () => {
  const action = await held('shell');
  await page.keyboard.press('d');
  await page.waitForSelector('#deny-dialog[open]');
  await tabTo(page, '#deny-words');
  await page.keyboard.type('Archive 2019 is under legal hold.');
  await page.keyboard.press('Enter');
  await until(() => stateOf(action), (state) => state === 'denied');
  assert.equal((await gate.agent.look(action.id)).reason, 'Archive 2019 is under legal hold.');
});

test('a long value has to be seen in full before Approve unlocks', async () => {
  const action = await held('long');
  assert.match(await words(page, '#exact'), /characters between, show/);
  assert.match(await words(page, '#decision-note'), /unlocks when every list and long value/);
  await unlock(page);
  assert.doesNotMatch(await words(page, '#exact'), /characters between, show/);
  await page.keyboard.type(await expected(action));
  await commit();
  await page.waitForSelector('#outcome');
  assert.deepEqual((await gate.agent.claim(action.id)).arguments, CALLS.long[1]);
});

test('a request that the agent takes back says so, and cannot be decided', async () => {
  const action = await held('mail');
  await page.keyboard.press('d');
  await page.waitForSelector('#deny-dialog[open]');
  await gate.agent.cancel(action.id, 'No longer needed.');
  await page.waitForSelector('#outcome');
  assert.equal(await page.locator('#deny-dialog, #approve').count(), 0);
  assert.match(await words(page, '#outcome'), /withdrawn|taken back|cancelled/i);
});

test('facts that arrive: Approve is locked until then, and the card says that it changed', async () => {
  const release = await lockFleet(gate.fleet);
  const [tool, args, more] = CALLS.terminate;
  const action = await gate.agent.propose(tool, args, { ...more, call_id: 'slow' });
  // The gate gives up on the fleet after a second; until then it checks.
  await page.evaluate((id) => { location.hash = `#/r/${id}`; }, action.request);
  await page.waitForSelector('#facts li[data-status=checking]');
  assert.match(await words(page, '#decision-note'), /still being checked/);
  assert.equal(await page.getAttribute('#approve', 'aria-disabled'), 'true');
  await page.locator('#confirm').focus();
  await page.keyboard.type('4');
  await page.waitForSelector('#changed');
  await release();
  assert.equal(await page.inputValue('#confirm'), '', 'what was typed is cleared');
  assert.match(await words(page, '#changed'), /This request changed, read again\./);
  assert.equal(await page.locator('#facts li[data-status=not_known]').count(), 1, 'what could not be read is not known');
});

test('an arrival takes no key and no focus from somebody who types', async () => {
  const action = await held('terminate');
  await unlock(page);
  await page.keyboard.type('4');
  const before = await page.locator('[data-item]').count();
  await gate.agent.propose(CALLS.mail[0], CALLS.mail[1], { ...CALLS.mail[2], call_id: 'arrival' });
  await page.waitForFunction((n) => document.querySelectorAll('[data-item]').length > n || document.getElementById('arrivals'), before);
  await page.keyboard.type('7');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'confirm');
  assert.equal(await page.inputValue('#confirm'), '47');
  await page.keyboard.type('jd.');
  assert.equal(await page.inputValue('#confirm'), '47jd.');
  assert.equal(await page.getAttribute('#request', 'data-request'), action.request);
  assert.match(await words(page, '#live'), /New request|Email 2 people/);
  await until(() => page.title(), (title) => /^\d+ waiting/.test(title));
});

test('a vote that comes too late decides nothing, and the card says so', async () => {
  const action = await held('mail');
  // The agent is faster than the vote.
  await page.route('**/v1/requests/*/votes', async (route) => {
    await gate.agent.cancel(action.id, 'Never mind.');
    await route.continue();
  });
  await page.keyboard.press('d');
  await page.waitForSelector('#deny-dialog[open]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('#notice, #outcome')].some((place) => /cancelled before|withdrawn|taken back/i.test(place.textContent ?? '')));
  await page.unroute('**/v1/requests/*/votes');
  assert.equal(await stateOf(action), 'cancelled');
});
