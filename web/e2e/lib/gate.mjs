// A real server in a scratch directory, with its own fleet, and an agent that talks to it.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.HOLDSHORT_BIN ?? resolve(here, '../../../target/debug/holdshort');
const PATIENCE = 15000;

/** What a terminal adds to a line. */
const COLOURS = /\u001b\[[0-9;]*m|\r/g;

/** The file that has the gate itself look at the fleet, never the agent. @param {string} fleet */
const probe = (fleet) => `[database.fleet]
url = ${JSON.stringify(`sqlite:${fleet}`)}

[[probe]]
id = "no-standby"
tool = "terminate_instances"
fact = "No instance is a standby"
source = "tags in fleet.db"
database = "fleet"
query = """
    SELECT i.instance_id AS id, t.value AS role FROM inventory i
    JOIN tags t ON t.instance_id = i.instance_id AND t.key = 'role'
    WHERE i.instance_id IN (\${args.instance_ids...:instance_id})"""
known_when = "size(output.rows) == size(args.instance_ids)"
failing = "output.rows.filter(row, row.role == 'dr-standby').map(row, row.id)"
detail = "{size(failing)} of the {size(args.instance_ids)} are standbys of the disaster-recovery cluster"
safer = { title = "Only the {size(args.instance_ids) - size(failing)} that are no standbys", drop = "instance_ids" }
`;

const FLEET = `
import sqlite3, sys
fleet = sqlite3.connect(sys.argv[1])
fleet.execute("CREATE TABLE inventory (instance_id TEXT PRIMARY KEY)")
fleet.execute("CREATE TABLE tags (instance_id TEXT, key TEXT, value TEXT)")
for n, one in enumerate(sys.argv[2:]):
    fleet.execute("INSERT INTO inventory VALUES (?)", (one,))
    fleet.execute("INSERT INTO tags VALUES (?, 'role', ?)", (one, "dr-standby" if n < 31 else "loadtest"))
fleet.commit()
`;

/** The 47 idle instances; the first 31 are standbys. */
export const IDLE = Array.from({ length: 47 }, (_, n) => `i-${((n + 1) * 0x9e3779b97f).toString(16).padStart(12, '0').slice(-12)}`);

/** Starts a server at a terminal; gives its address, the link it printed, and an agent's token. */
export async function startGate() {
  const root = mkdtempSync(join(tmpdir(), 'holdshort-e2e-'));
  const data = join(root, 'gate');
  const fleet = join(root, 'fleet.db');
  mkdirSync(data, { mode: 0o700 });
  execFileSync('python3', ['-c', FLEET, fleet, ...IDLE]);
  writeFileSync(join(data, 'policy.toml'), probe(fleet));
  const token = execFileSync(binary, ['token', 'create', '--agent', 'fleet-janitor', '--data', data], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  const terminal = spawn('python3', [join(here, 'terminal.py'), binary, 'serve', '--data', data, '--listen', '127.0.0.1:0', '--user', 'Dana Kim'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { terminal.once('exit', done); });
  const stop = async () => {
    terminal.stdin.end();
    await ended;
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const [, link, origin] = await printed(terminal, /^\s*((http:\S+)\/#enrol=\S+)\s*$/m);
    return { link, origin, token, fleet, stop, agent: agent(origin, token) };
  } catch (problem) {
    await stop();
    throw problem;
  }
}

/**
 * Holds the fleet so that nothing can be read from it; gives what lets it go.
 * @param {string} fleet
 */
export async function lockFleet(fleet) {
  const hold = 'import sqlite3, sys; one = sqlite3.connect(sys.argv[1], isolation_level=None); one.execute("BEGIN EXCLUSIVE"); print("held", flush=True); sys.stdin.read(); one.execute("ROLLBACK")';
  const holder = spawn('python3', ['-c', hold, fleet], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { holder.once('exit', done); });
  await printed(holder, /held/);
  return async () => { holder.stdin.end(); await ended; };
}

/** Waits until the terminal shows something. @param {import('node:child_process').ChildProcess} terminal @param {RegExp} wanted @returns {Promise<RegExpExecArray>} */
function printed(terminal, wanted) {
  let shown = '';
  return new Promise((found, failed) => {
    const give = setTimeout(() => failed(new Error(`the server did not print ${wanted}:\n${shown}`)), PATIENCE);
    terminal.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${shown}`)));
    terminal.stdout?.on('data', (bytes) => {
      shown += String(bytes).replace(COLOURS, '');
      const hit = wanted.exec(shown);
      if (hit) { clearTimeout(give); found(hit); }
    });
  });
}

/** The agent's side of the API. @param {string} origin @param {string} token */
function agent(origin, token) {
  /** @param {string} path @param {any} [body] */
  const call = async (path, body) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const options = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    const reply = await fetch(origin + path, options);
    const document = await reply.json();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${JSON.stringify(document)}`);
    return document;
  };
  return {
    /** @param {string} tool @param {any} args @param {any} [more] */
    propose: async (tool, args, more = {}) => (await call('/v1/actions', { tool, arguments: args, ...more })).action,
    /** @param {string} id */
    look: (id) => call(`/v1/actions/${id}`),
    /** @param {string} id @param {string} [nonce] */
    claim: (id, nonce = randomBytes(12).toString('hex')) => call(`/v1/actions/${id}/claim`, { nonce }),
    /** @param {string} id @param {string} reason */
    cancel: (id, reason) => call(`/v1/actions/${id}/cancel`, { reason }),
    /** Asks people something about a run. @param {string} run @param {any} body */
    ask: (run, body) => call(`/v1/runs/${run}/questions`, body),
  };
}

const SCHEMA = {
  type: 'object',
  properties: {
    region: { type: 'string' },
    instance_ids: { type: 'array', items: { type: 'string', pattern: '^i-[0-9a-f]{12}$' }, minItems: 1 },
  },
  required: ['region', 'instance_ids'],
  additionalProperties: false,
};

/** What the agent proposes in these tests. */
export const CALLS = {
  terminate: /** @type {const} */ (['terminate_instances', { region: 'eu-west-1', instance_ids: IDLE }, {
    run: 'clean-up', goal: 'Clean up idle dev boxes', server: 'aws', input_schema: SCHEMA,
    reason: 'These are leftover dev boxes from the June load test. All of them are idle\u200b and safe to remove. Already confirmed with infra.',
    alternatives: ['Stop them instead'], consequence_if_denied: 'I leave them running and report what they cost.',
  }]),
  deploy: /** @type {const} */ (['deploy_to_production', { service: 'checkout', version: '2.41.0' }, {
    run: 'release', goal: 'Ship checkout 2.41.0', reason: 'All checks passed.',
  }]),
  mail: /** @type {const} */ (['send_email', { to: ['team@example.org', 'ops@example.org'], subject: 'Your price changes on 1 January', body: 'Dear customer,\n\nthe price changes.' }, {
    run: 'price-letter', goal: 'Announce the new prices', reason: 'The list is final.',
  }]),
  shell: /** @type {const} */ (['run_command', { argv: ['rm', '-rf', '/srv/archive'], cwd: '/srv' }, {
    run: 'clean-up', goal: 'Clean up idle dev boxes', reason: 'Nobody reads the archive.', cwd: '/srv',
  }]),
  long: /** @type {const} */ (['send_email', { to: ['board@example.org'], subject: 'Minutes', body: `begin ${'a line of the minutes. '.repeat(400)}the end` }, {
    run: 'minutes', goal: 'Send the minutes',
  }]),
};
