// Talking to the server: requests, problem documents, server time, and the proof that a person
// made a change.

import { read } from './json.js';
import { base64url, sha256, sign } from './key.js';

/** @import {Card} from './types.js' */

/** A problem document (RFC 9457), or the network failing (`code` is then empty). */
export class Problem extends Error {
  /** @param {{code?: string, title?: string, detail?: string, hint?: string, status?: number, current?: any}} document */
  constructor(document) {
    super(document.detail || document.title || 'The server did not answer.');
    this.code = document.code ?? '';
    this.title = document.title ?? '';
    this.hint = document.hint ?? '';
    this.status = document.status ?? 0;
    this.current = document.current;
  }

  /** Whether the server could not be reached at all. */
  get offline() { return this.status === 0; }
}

/** After this long without an answer the server counts as unreachable. */
const PATIENCE = 20000;

/** Server clock minus this clock, in microseconds. */
let ahead = 0;

/** The time at the server, in microseconds since 1970. */
export const serverNow = () => Math.round(Date.now() * 1000 + ahead);

/** @param {any} document */
function learnTime(document, sentAt = Date.now()) {
  const at = document?.now_at;
  if (Number.isSafeInteger(at)) ahead = at - ((sentAt + Date.now()) / 2) * 1000;
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<{document: any, source: string}>}
 */
async function ask(path, options) {
  const sentAt = Date.now();
  let reply, source;
  try {
    reply = await fetch(path, { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE), ...options });
    source = await reply.text();
  } catch {
    throw new Problem({ title: 'Not connected', detail: 'The server cannot be reached.' });
  }
  let document = null;
  try { document = source ? JSON.parse(source) : null; } catch { /* handled below */ }
  if (!reply.ok) throw new Problem({ title: reply.statusText, ...document, status: reply.status });
  if (source && document === null) throw new Problem({ title: 'Unreadable', detail: 'The answer of the server cannot be read.', status: reply.status });
  learnTime(document, sentAt);
  return { document, source };
}

/** @param {string} path */
export const get = async (path) => (await ask(path, { headers: { Accept: 'application/json' } })).document;

/**
 * A card, with the arguments and their schema read without loss.
 * @param {string} id
 * @returns {Promise<Card>}
 */
export async function getCard(id) {
  const { document, source } = await ask(`/v1/requests/${encodeURIComponent(id)}`, { headers: { Accept: 'application/json' } });
  const exact = /** @type {Map<string, any>} */ (read(source));
  document.arguments = exact.get('arguments');
  document.input_schema = exact.get('input_schema');
  document.safer.forEach((/** @type {any} */ way, /** @type {number} */ i) => {
    way.arguments = exact.get('safer')[i].get('arguments');
  });
  return document;
}

/**
 * A change on behalf of a person when `key` is given, else one that needs no proof.
 * @param {string} path
 * @param {string} [body] JSON text
 * @param {import('./key.js').StoredKey} [key]
 */
export async function post(path, body = '', key) {
  const bytes = new TextEncoder().encode(body);
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json' };
  if (body) headers['Content-Type'] = 'application/json';
  if (key) Object.assign(headers, await proof('POST', path, bytes, key));
  return (await ask(path, { method: 'POST', headers, body: body ? bytes : undefined })).document;
}

/**
 * @param {string} method
 * @param {string} path with the query
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {import('./key.js').StoredKey} key
 */
async function proof(method, path, bytes, key) {
  const time = String(serverNow());
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(18)));
  const message = ['holdshort-proof-v1', location.origin, method, path, time, nonce, await sha256(bytes)].join('\n');
  return {
    'Holdshort-Key': key.key_id,
    'Holdshort-Time': time,
    'Holdshort-Nonce': nonce,
    'Holdshort-Signature': await sign(key.secret, message),
  };
}
