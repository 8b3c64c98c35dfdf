// The wire types, as JSDoc. Field names are those of the server's contract (`crates/api`).

/** @typedef {{text: string, mark?: boolean}} Piece */
/** @typedef {Piece[]} Text */
/** @typedef {'safe'|'risky'|'dangerous'} Risk */
/** @typedef {'open'|'stalled'|'decided'|'superseded'|'withdrawn'} RequestState */
/** @typedef {'approve'|'modify'|'deny'|'answer'} Decision */
/** @typedef {'action'|'checkpoint'|'check_in'|'exception'|'unknown_outcome'|'question'|'blocked'} Kind */
/** @typedef {'continue'|'redirect'|'pause'|'stop'|'happened'|'did_not_happen'|'text'|'reconsider'} Reply */
/** @typedef {'pending'|'approved'|'answered'|'claimed'|'started'|'succeeded'|'failed'|'unknown'|'denied'|'cancelled'} ActionState */

/**
 * @typedef {object} Me
 * @property {string} id
 * @property {string} name
 * @property {'person'|'agent'|'machine'} kind
 * @property {string[]} scopes
 * @property {string} workspace
 * @property {'personal'|'team'} mode
 * @property {number} now_at
 */

/**
 * @typedef {object} QueueItem
 * @property {string} id
 * @property {string} label
 * @property {number} version
 * @property {RequestState} state
 * @property {Risk} risk
 * @property {Text} sentence
 * @property {Text} agent
 * @property {number} asked_at
 * @property {number} due_at
 * @property {string} [outcome]
 */

/** @typedef {{items: QueueItem[], open: number, next_cursor?: string, now_at: number}} QueuePage */
/** @typedef {{title: Text, detail?: Text, becomes: Risk, arguments: import('./json.js').Json}} Alternative */
/** @typedef {{claim: Text, status: 'true'|'false'|'not_known'|'checking', detail?: Text, source: Text, read_at?: number}} Fact */
/** @typedef {{name: Text, value: Text, items?: Text[], chars: number, secret: boolean}} ExactArgument */
/** @typedef {{tool: Text, server?: Text, cwd?: Text, command: Text[], arguments: ExactArgument[], uninspectable?: string}} Exact */
/** @typedef {{word: string, filled?: number}} Axis */
/** @typedef {{by: string, person: boolean, decision: Decision, at: number}} VoteSeen */
/** @typedef {{sentence: string, decision?: Decision, reason?: Text, at: number, result: string}} Decided */

/**
 * @typedef {object} Card
 * @property {string} id
 * @property {string} label
 * @property {number} version
 * @property {string} binding
 * @property {string} action
 * @property {ActionState} action_state
 * @property {string} run
 * @property {RequestState} state
 * @property {Risk} risk
 * @property {Kind} [kind]
 * @property {Reply[]} [replies]   answers it takes, for a question
 * @property {string} [held]   why its run begins nothing now
 * @property {string[]} tags
 * @property {Text} sentence
 * @property {Text} [again]         why it is asked again
 * @property {{agent: Text, owner?: Text, task?: Text, asked_at: number}} who
 * @property {Text} [mismatch]
 * @property {Text[]} if_approved
 * @property {Text[]} if_denied
 * @property {Alternative[]} safer
 * @property {Fact[]} facts
 * @property {Exact} exact
 * @property {{reason?: Text, if_denied?: Text, alternatives: Text[], claims: Text[]}} agent_words
 * @property {string[]} notes
 * @property {{way_back: Axis, reach: Axis, outside_effect: Axis, money: Axis}} axes
 * @property {{rule: string, reason: string, evidence: {source: string, text: Text, level: Risk}[]}} why
 * @property {{prompt: Text, expected: string, numeric: boolean}} [confirm]
 * @property {number} due_at
 * @property {number} [expires_at]
 * @property {string} at_deadline
 * @property {VoteSeen[]} votes
 * @property {Decided} [decided]
 * @property {{approve: boolean, deny: boolean, why_not?: string}} can
 * @property {import('./json.js').Json} arguments   read without loss, see json.js
 * @property {import('./json.js').Json} [input_schema]
 * @property {number} now_at
 */

/** @typedef {{sentence: string, effective: boolean, request: QueueItem, action_state: ActionState, asked_again?: string}} VoteReply */
/** @typedef {{id: string, sentence: string, tool: string, risk: Risk, state: ActionState, decided_by?: string, updated_at: number}} RunAction */
/** @typedef {{id: string, name: string, agent: string, goal?: string, state: 'running'|'waiting'|'paused'|'finished'|'stopped', steps: number, actions: RunAction[], created_at: number, updated_at: number}} Run */
/** @typedef {{seq: number, v: number, kind: string, at: number, action?: string, request?: string, run?: string, by: string, detail: any}} FeedEvent */

export {};
