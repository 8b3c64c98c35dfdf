// A question of a run in the inbox: what it shows, how it is answered, what never approves it.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { press, signIn, startBrowser, until, walkTo, words } from './lib/browser.mjs';
import { startGate } from './lib/gate.mjs';

let gate, browser, page;

before(async () => {
  gate = await startGate();
  browser = await startBrowser();
  page = browser.page;
  await signIn(page, gate.link);
});

after(async () => {
  await browser?.stop();
  await gate?.stop();
});

afterEach(() => assert.deepEqual(browser.faults, []));

/** A question of a run, with its card on screen. @param {string} run @param {any} body */
async function asked(run, body) {
  const action = await gate.agent.propose('read_file', { path: '/srv/plan' }, { run });
  const question = await gate.agent.ask(action.run, body);
  await until(() => page.locator(`[data-item="${question.request}"], #arrivals`).count(), (count) => count > 0);
  if (await page.locator('#arrivals').count()) await page.locator('#arrivals').click();
  await walkTo(page, question.request);
  await page.waitForSelector('#answer-words');
  return { action, question };
}

test('a checkpoint is answered with words that reach the agent', async () => {
  const { action, question } = await asked('plan', { kind: 'checkpoint', text: 'planning', summary: 'Three tables found.' });
  assert.match(await words(page, '#sentence'), /Checkpoint after planning/);
  assert.match(await words(page, '#request'), /Nothing of this run begins until it is answered/);
  assert.equal(await page.locator('#approve, #deny, #change, [data-deny]').count(), 0, 'there is nothing to approve');
  await press(page, 'a', 'd', 'e');
  assert.equal(await page.locator('.armed, dialog[open]').count(), 0);
  assert.equal((await gate.agent.claim(action.id)).answer, 'wait');
  await page.screenshot({ path: new URL('./out/answer.png', import.meta.url).pathname, fullPage: true });
  await page.locator('[data-reply=redirect]').click();
  assert.match(await words(page, '#decision-say'), /Write what the agent is to be told/);
  await page.locator('#answer-words').fill('Only the first two.');
  await page.locator('[data-reply=redirect]').click();
  await until(() => gate.agent.look(question.id), (told) => told.state === 'answered');
  assert.equal((await gate.agent.claim(action.id)).answer, 'proceed');
  assert.match(JSON.stringify(await gate.agent.look(action.id)), /Only the first two\./);
});

test('an agent that is stuck can be told to stop', async () => {
  const { action, question } = await asked('stuck', { kind: 'stuck', text: 'The disk is full.' });
  await page.locator('[data-reply=stop]').click();
  await until(() => gate.agent.look(question.id), (told) => told.state === 'answered');
  assert.notEqual((await gate.agent.claim(action.id)).answer, 'proceed');
});
