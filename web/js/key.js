// The person's signing key: Ed25519, made in this browser, never extractable, kept in IndexedDB,
// which is separate for every origin (scheme, host and port). It is what makes a decision a
// person's; the session cookie alone decides nothing.

/** @typedef {{key_id: string, person: string, secret: CryptoKey}} StoredKey */

const ALGORITHM = { name: 'Ed25519' };
const DATABASE = 'holdshort';
const STORE = 'keys';
const SLOT = 'mine';

/** @param {ArrayBuffer|Uint8Array} bytes */
export function base64url(bytes) {
  let binary = '';
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Makes a key pair, or `null` where the browser cannot. */
export async function generate() {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return null;
  try {
    const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']));
    return { secret: pair.privateKey, public_key: base64url(await crypto.subtle.exportKey('raw', pair.publicKey)) };
  } catch {
    return null;
  }
}

/** @param {CryptoKey} secret @param {string} message */
export async function sign(secret, message) {
  return base64url(await crypto.subtle.sign(ALGORITHM, secret, new TextEncoder().encode(message)));
}

/** Lower-case hex SHA-256. @param {Uint8Array<ArrayBuffer>} bytes */
export async function sha256(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @returns {Promise<StoredKey|null>} */
export async function load() {
  try { return (await inStore('readonly', (store) => store.get(SLOT))) ?? null; } catch { return null; }
}

/** @param {StoredKey} key */
export const save = (key) => inStore('readwrite', (store) => store.put(key, SLOT));

export const forget = () => inStore('readwrite', (store) => store.delete(SLOT));

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} use
 * @returns {Promise<any>}
 */
function inStore(mode, use) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(STORE, mode);
      const request = use(transaction.objectStore(STORE));
      transaction.oncomplete = () => { opening.result.close(); resolve(request.result); };
      transaction.onabort = () => { opening.result.close(); reject(transaction.error); };
    };
  });
}
