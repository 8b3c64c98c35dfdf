// Changing the held call: a form from the tool's schema (or from the values), a safer way put in
// ready, and a comparison with what was proposed. Untouched values keep their exact source text.

import { html, nothing } from '../vendor/lit-html.js';
import { compare } from './diff.js';
import { Num, read, same, write } from './json.js';
import { redraw, state, typing } from './store.js';
import { raw, text } from './text.js';

/** @import {Card} from './types.js' */

/** @typedef {import('./json.js').Json} Json */
/** @typedef {'text'|'number'|'choice'|'lines'|'json'} Kind */
/** @typedef {{name: string, kind: Kind, options: Json[], help: string, original: Json|undefined, text: string, touched: boolean, problem: string|null}} Field */
/** @typedef {{fields: Field[], whole: boolean, value: Json|undefined, way: number|null}} Draft */

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Opens the editor on the held call, or on a safer way.
 * @param {Card} card
 * @param {number} [way]
 */
export function openEditor(card, way) {
  const start = way === undefined ? card.arguments : card.safer[way]?.arguments;
  if (start === undefined) return;
  state.work.edit = draft(start, card.input_schema, way ?? null);
  redraw();
  setTimeout(() => {
    const block = document.getElementById('editor');
    block?.scrollIntoView({ block: 'start' });
    /** @type {HTMLElement|null} */ (block?.querySelector('h2'))?.focus({ preventScroll: true });
  });
}

/** A member of a JSON object, if it is one. @param {any} object @param {string} name */
const member = (object, name) => (object instanceof Map ? object.get(name) : undefined);

/** @param {Json} value @param {Json|undefined} schema @param {number|null} way @returns {Draft} */
function draft(value, schema, way) {
  if (!(value instanceof Map)) return { fields: [field('', value, undefined)], whole: true, value, way };
  const properties = member(schema, 'properties');
  const names = new Set([...value.keys(), ...(properties instanceof Map ? properties.keys() : [])]);
  return { fields: [...names].map((name) => field(name, value.get(name), member(properties, name))), whole: false, value, way };
}

/** @param {string} name @param {Json|undefined} value @param {Json|undefined} schema @returns {Field} */
function field(name, value, schema) {
  const choices = member(schema, 'enum');
  const options = Array.isArray(choices) ? choices : member(schema, 'type') === 'boolean' || typeof value === 'boolean' ? [true, false] : [];
  const kind = kindOf(value, schema, options);
  const help = member(schema, 'description');
  return { name, kind, options, help: typeof help === 'string' ? help : '', original: value, text: shown(kind, value), touched: false, problem: null };
}

const short = (/** @type {Json} */ item) => typeof item === 'string' && item.trim() === item && item !== '' && !/[\r\n]/.test(item);

/** @param {Json|undefined} value @param {Json|undefined} schema @param {Json[]} options @returns {Kind} */
function kindOf(value, schema, options) {
  const type = member(schema, 'type');
  if (options.length && (value === undefined || options.some((option) => same(option, value)))) return 'choice';
  if (typeof value === 'string' || (value === undefined && type === 'string')) return 'text';
  if (value instanceof Num || (value === undefined && (type === 'number' || type === 'integer'))) return 'number';
  if (Array.isArray(value) ? value.length > 0 && value.every(short) : value === undefined && type === 'array' && member(member(schema, 'items'), 'type') === 'string') return 'lines';
  return 'json';
}

/** @param {Kind} kind @param {Json|undefined} value */
function shown(kind, value) {
  if (value === undefined) return '';
  if (kind === 'lines') return /** @type {string[]} */ (value).join('\n');
  return kind === 'text' ? /** @type {string} */ (value) : write(value, '  ');
}

/** The value of a field; `undefined` leaves the key out. @param {Field} field @returns {Json|undefined} */
function valueOf(field) {
  if (!field.touched) return field.original;
  const { text: typed, original } = field;
  if (typed.trim() === '' && original === undefined) return undefined;
  switch (field.kind) {
    case 'text': return typed;
    case 'lines': return typed.split('\n').map((line) => line.trim()).filter(Boolean);
    case 'number':
      if (!NUMBER.test(typed.trim())) throw new SyntaxError('this is not a number');
      return new Num(typed.trim());
    default: return read(typed);
  }
}

/** Reads the form again after a change. @param {Draft} edit */
function gather(edit) {
  const map = new Map();
  let whole, ok = true;
  for (const item of edit.fields) {
    item.problem = null;
    try {
      const value = valueOf(item);
      if (edit.whole) whole = value; else if (value !== undefined) map.set(item.name, value);
    } catch (problem) {
      item.problem = /** @type {Error} */ (problem).message;
      ok = false;
    }
  }
  edit.value = ok ? (edit.whole ? whole : map) : undefined;
}

/** Why the changed call cannot be sent yet, or null. */
export function editProblem() {
  const { edit } = state.work;
  const card = state.card?.data;
  if (!edit || !card) return 'Nothing is being changed.';
  if (edit.value === undefined) return 'A field cannot be read as it stands.';
  return same(edit.value, card.arguments) ? 'Nothing is changed yet.' : null;
}

/** @param {Draft} edit @param {Field} item @param {string} typed */
function type(edit, item, typed) {
  item.text = typed;
  item.touched = true;
  state.work.armed = null;
  gather(edit);
}

const LONG = 80;

/** @param {Draft} edit @param {Field} item @param {number} index */
function control(edit, item, index) {
  const id = `arg-${index}`;
  const input = typing((value) => type(edit, item, value));
  const bad = item.problem ? 'true' : nothing;
  if (item.kind === 'choice') {
    return html`<select class="inp" id=${id} @change=${input}>
      ${item.original === undefined ? html`<option value="" ?selected=${!item.text}>not set</option>` : nothing}
      ${item.options.map((option) => html`<option value=${write(option)} ?selected=${write(option) === item.text}>${typeof option === 'string' ? option : write(option)}</option>`)}
    </select>`;
  }
  const rows = Math.min(14, item.text.split('\n').length + (item.kind === 'lines' ? 1 : 0));
  if (item.kind === 'number' || (item.kind === 'text' && item.text.length <= LONG && !/[\r\n]/.test(item.text))) {
    return html`<input class="inp mono" id=${id} type="text" inputmode=${item.kind === 'number' ? 'decimal' : 'text'} autocomplete="off" spellcheck="false"
      aria-invalid=${bad} placeholder=${item.original === undefined ? 'not set' : ''} .value=${item.text} @input=${input}>`;
  }
  return html`<textarea class="inp mono" id=${id} rows=${Math.max(2, rows)} spellcheck="false" aria-invalid=${bad} .value=${item.text} @input=${input}></textarea>`;
}

/** The form and the comparison. @param {Card} card */
export function editor(card) {
  const edit = /** @type {Draft} */ (state.work.edit);
  return html`<div class="edit" id="editor">
    <div class="sech"><h2 tabindex="-1">Change the call</h2><span class="s">${edit.way === null ? 'starting from the held call' : html`starting from: ${text(card.safer[edit.way].title)}`}</span></div>
    <div class="edcols"><div class="form">
      ${edit.fields.map((item, index) => html`<div class="fld">
        <label for="arg-${index}">${edit.whole ? 'The whole call, as JSON' : html`<code>${raw(item.name)}</code>`}<span class="q">${item.kind === 'lines' ? ' one item a line' : item.kind === 'json' && !edit.whole ? ' JSON' : ''}</span></label>
        ${control(edit, item, index)}
        ${item.problem ? html`<p class="say bad">${raw(item.problem)}</p>` : item.help ? html`<p class="q">${raw(item.help)}</p>` : nothing}
      </div>`)}
    </div>
    <div class="cmp"><h3>Proposed against changed</h3>
      ${edit.value === undefined ? html`<p class="q">A field cannot be read as it stands.</p>` : compare(write(card.arguments, '  '), write(edit.value, '  '))}
    </div></div>
    <p class="q">It will be approved as changed. If it is riskier than the held call, it is asked about again.</p>
  </div>`;
}
