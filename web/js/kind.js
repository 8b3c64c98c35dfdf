// What a request is about.

/** @import {Card} from './types.js' */

/** Whether a card is answered rather than approved. @param {Card} card */
export const isQuestion = (card) => (card.kind ?? 'action') !== 'action';
