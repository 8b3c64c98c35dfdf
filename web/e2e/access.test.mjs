// Who gets in, and what is no way in: cookies alone, pages of other origins, used links.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { DEAD_TIME, press, signIn, startBrowser, tabTo, until, walkTo, words } from './lib/browser.mjs';
import { CALLS, startGate } from './lib/gate.mjs';

let gate, browser, page;
/** The terminate request that nobody may decide in this file. */
let action;

before(async () => {
  gate = await startGate();
  action = await gate.agent.propose(...CALLS.terminate);
  browser = await startBrowser();
  page = browser.page;
});

after(async () => {
  await browser?.stop();
  await gate?.stop();
});

/** Another server on this machine. @param {(request: import('node:http').IncomingMessage, reply: import('node:http').ServerResponse) => void} answer */
async function neighbour(answer) {
  const server = createServer(answer);
  await new Promise((done) => { server.listen(0, '127.0.0.1', () => done(undefined)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

const votes = () => `${gate.origin}/v1/requests/${action.request}/votes`;
const cookie = async () => (await browser.context.cookies(gate.origin)).map(({ name, value }) => `${name}=${value}`).join('; ');

/** The card as the reader gets it. */
const card = async () => (await fetch(`${gate.origin}/v1/requests/${action.request}`, { headers: { Cookie: await cookie() } })).json();

/** The vote that would approve it, with everything on the card right. */
async function approval() {
  const { binding, version, confirm } = await card();
  return JSON.stringify({ decision: 'approve', binding, version, confirm: confirm.expected });
}

async function stillPending() {
  const { state } = await gate.agent.look(action.id);
  assert.equal(state, 'pending');
  assert.equal((await card()).votes.length, 0);
}

test('the printed link signs in, and the code leaves the address', async () => {
  await signIn(page, gate.link);
  await walkTo(page, action.request);
  assert.doesNotMatch(page.url(), /enrol/);
  assert.match(await words(page, '.menu'), /Signed in as Dana Kim/);
  const [session] = await browser.context.cookies(gate.origin);
  assert.equal(session.httpOnly, true);
  assert.equal(session.sameSite, 'Strict');
});

test('the page is small, and loads nothing from elsewhere', async () => {
  let bytes = 0;
  /** @type {string[]} */
  const elsewhere = [];
  const count = async (response) => {
    if (!response.url().startsWith(gate.origin)) elsewhere.push(response.url());
    if (/\/assets\/|\/$/.test(new URL(response.url()).pathname)) bytes += Number(response.headers()['content-length'] ?? (await response.body()).length);
  };
  page.on('response', count);
  await page.reload();
  await page.waitForSelector('#sentence');
  page.off('response', count);
  assert.deepEqual(elsewhere, []);
  assert.ok(bytes > 100_000 && bytes < 150_000, `${bytes} bytes`);
});

test('without its cookie the browser opens a session with its key', async () => {
  await browser.context.clearCookies();
  const opened = page.waitForResponse((response) => response.url() === `${gate.origin}/v1/sessions`);
  await page.reload();
  assert.equal((await opened).status(), 201);
  await page.waitForSelector('#sentence');
  assert.match(await cookie(), /^holdshort_session=/);
  assert.equal(await page.locator('#no-key').count(), 0);
});

test('the cookie alone decides nothing: another server on this machine gets it, and no further', async () => {
  let caught = '';
  const thief = await neighbour((request, reply) => { caught = request.headers.cookie ?? ''; reply.end('<!doctype html><title>x</title>'); });
  try {
    const body = await approval();
    const tab = await browser.context.newPage();
    await tab.goto(thief.origin);
    await tab.close();
    assert.equal(caught, await cookie(), 'cookies ignore ports');
    for (const origin of [gate.origin, thief.origin]) {
      const reply = await fetch(votes(), { method: 'POST', headers: { Cookie: caught, Origin: origin, 'Content-Type': 'application/json' }, body });
      assert.equal(reply.status, 403);
      assert.match((await reply.json()).code, /^HS200[38]$/);
    }
    // Nor does it make a token, a person or a new way in.
    for (const path of ['/v1/tokens', '/v1/people', '/v1/enrolments', '/v1/sessions']) {
      const reply = await fetch(gate.origin + path, { method: 'POST', headers: { Cookie: caught, 'Content-Type': 'application/json' }, body: '{}' });
      assert.ok(reply.status >= 400 && reply.status < 500, `${path}: ${reply.status}`);
    }
  } finally {
    thief.close();
  }
  await stillPending();
});

test('a page of another origin cannot vote, by fetch, by form, or in a frame', async () => {
  const stranger = await neighbour((_, reply) => { reply.setHeader('Content-Type', 'text/html'); reply.end('<!doctype html><title>x</title><form id="f" method="post" enctype="text/plain"><input name="n"></form>'); });
  const tab = await browser.context.newPage();
  try {
    const body = await approval();
    await tab.goto(stranger.origin);
    const tried = await tab.evaluate(async ([address, text]) => {
      const out = [];
      for (const options of [{ mode: 'cors', headers: { 'Content-Type': 'application/json' } }, { mode: 'cors' }, { mode: 'no-cors' }]) {
        out.push(await fetch(address, { method: 'POST', credentials: 'include', body: text, .../** @type {RequestInit} */ (options) }).then((reply) => reply.type, () => 'failed'));
      }
      return out;
    }, [votes(), body]);
    assert.deepEqual(tried, ['failed', 'failed', 'opaque']);
    const read = await tab.evaluate((address) => fetch(address, { credentials: 'include' }).then(() => 'read', () => 'failed'), `${gate.origin}/v1/requests`);
    assert.equal(read, 'failed', 'nor can it read');
    await stillPending();
    await tab.evaluate((address) => {
      const frame = document.createElement('iframe');
      frame.src = address;
      document.body.append(frame);
    }, gate.origin);
    await tab.waitForTimeout(300);
    const framed = tab.frames().filter((frame) => frame.url().startsWith(gate.origin));
    for (const frame of framed) assert.equal(await frame.locator('#app').count(), 0, 'the gate is in no frame');
    const [posted] = await Promise.all([
      tab.waitForResponse((response) => response.request().method() === 'POST', { timeout: 3000 }),
      tab.evaluate(([address, text]) => {
        const form = /** @type {HTMLFormElement} */ (document.getElementById('f'));
        form.action = address;
        /** @type {HTMLInputElement} */ (form.querySelector('input')).name = text;
        form.submit();
      }, [votes(), body]),
    ]);
    assert.equal(posted.status(), 403);
  } finally {
    stranger.close();
    await page.bringToFront();
  }
  await stillPending();
});

test('a proof is good once, for one body and one request', async () => {
  const mail = await gate.agent.propose(...CALLS.mail);
  await walkTo(page, mail.request);
  const sent = page.waitForRequest((request) => request.url().endsWith('/votes'));
  await press(page, 'd');
  await page.waitForSelector('#deny-dialog[open]');
  await page.keyboard.press('Enter');
  const request = await sent;
  await until(async () => (await gate.agent.look(mail.id)).state, (state) => state === 'denied');
  const headers = { ...(await request.allHeaders()), Cookie: await cookie() };
  for (const name of Object.keys(headers)) if (name.startsWith(':') || /^(host|connection|content-length|accept-encoding)$/i.test(name)) delete headers[name];
  for (const [address, body] of [[request.url(), request.postData()], [request.url(), await approval()], [votes(), await approval()]]) {
    const reply = await fetch(address ?? '', { method: 'POST', headers, body });
    assert.ok([403, 409].includes(reply.status), `${reply.status}`);
    assert.match((await reply.json()).code, /^HS(200[456]|3003)$/);
  }
  await walkTo(page, action.request);
  await stillPending();
});

test('signing out by keyboard ends the session and forgets the key', async () => {
  const before = await cookie();
  await page.waitForTimeout(DEAD_TIME);
  await tabTo(page, 'summary.av', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await tabTo(page, '#sign-out');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#code');
  assert.equal((await fetch(`${gate.origin}/v1/me`, { headers: { Cookie: before } })).status, 401);
  await page.reload();
  await page.waitForSelector('#code');
  assert.equal((await gate.agent.look(action.id)).state, 'pending');
});

test('a link works once', async () => {
  await page.goto('about:blank');
  await page.goto(gate.link);
  await page.waitForSelector('#signin-problem');
  await tabTo(page, '#code');
  await page.keyboard.type(gate.link);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#sign-in:not([disabled])');
  assert.match(await words(page, '#signin-problem'), /used|expired/i);
  assert.deepEqual(browser.faults, []);
});
