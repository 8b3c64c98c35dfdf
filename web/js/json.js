// JSON without loss: numbers keep their source text (integers beyond 2^53, trailing zeros), objects
// keep the order of their keys. A call that passes through the editor comes out exactly as it
// went in, but for what the person changed.

/** A number as it was written. */
export class Num {
  /** @param {string} source */
  constructor(source) { this.source = source; }
}

/** @typedef {null|boolean|string|Num|any[]|Map<string, any>} Json */

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;
const WORDS = /** @type {const} */ ([['true', true], ['false', false], ['null', null]]);

/**
 * Reads one JSON text; throws a SyntaxError that names the place.
 * @param {string} source
 * @returns {Json}
 */
export function read(source) {
  let at = 0;

  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = at;
    const hit = pattern.exec(source);
    if (hit) at = pattern.lastIndex;
    return hit && hit[0];
  };
  const blank = () => void take(BLANK);
  const fail = () => {
    const line = source.slice(0, at).split('\n').length;
    throw new SyntaxError(at >= source.length ? 'the text ends too early' : `not JSON in line ${line}, at “${source.slice(at, at + 12)}”`);
  };
  /** @param {string} char */
  const eat = (char) => {
    blank();
    if (source[at] !== char) return false;
    at += 1;
    return true;
  };
  const string = () => {
    blank();
    const raw = take(STRING);
    return raw === null ? fail() : JSON.parse(raw);
  };
  /** @returns {Json} */
  const value = () => {
    blank();
    if (eat('{')) {
      const map = new Map();
      if (eat('}')) return map;
      do {
        const key = string();
        if (map.has(key)) throw new SyntaxError(`the key “${key}” is there twice`);
        if (!eat(':')) fail();
        map.set(key, value());
      } while (eat(','));
      return eat('}') ? map : fail();
    }
    if (eat('[')) {
      /** @type {Json[]} */
      const list = [];
      if (eat(']')) return list;
      do list.push(value()); while (eat(','));
      return eat(']') ? list : fail();
    }
    if (source[at] === '"') return string();
    for (const [word, meant] of WORDS) {
      if (source.startsWith(word, at)) { at += word.length; return meant; }
    }
    const number = take(NUMBER);
    return number === null ? fail() : new Num(number);
  };

  const whole = value();
  blank();
  return at === source.length ? whole : fail();
}

/**
 * Writes JSON. Takes what `read` gives, and plain values besides.
 * @param {any} value
 * @param {string} [indent] for people; without it the text is compact
 * @param {string} [margin]
 * @returns {string}
 */
export function write(value, indent = '', margin = '') {
  if (value instanceof Num) return value.source;
  const inner = margin + indent;
  const [open, close, gap] = indent ? ['\n' + inner, '\n' + margin, ': '] : ['', '', ':'];
  if (Array.isArray(value)) {
    if (!value.length) return '[]';
    return `[${open}${value.map((item) => write(item, indent, inner)).join(',' + open)}${close}]`;
  }
  if (value && typeof value === 'object') {
    const pairs = [...(value instanceof Map ? value : Object.entries(value))].filter(([, v]) => v !== undefined);
    if (!pairs.length) return '{}';
    return `{${open}${pairs.map(([k, v]) => JSON.stringify(k) + gap + write(v, indent, inner)).join(',' + open)}${close}}`;
  }
  return JSON.stringify(value);
}

/**
 * Whether two values are the same text.
 * @param {Json} a
 * @param {Json} b
 */
export const same = (a, b) => write(a) === write(b);
