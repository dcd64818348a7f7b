/**
 * What may be sent. JSON.stringify would drop `undefined` and turn NaN into null, and the XML-RPC library sends
 * `undefined` and bigint as an empty text: a price of 0 without a word. So all of it is refused here, on every transport.
 */
import { OdooFault } from './faults.ts';
import type { OdooValue } from './odoo.ts';

const MAX_DEPTH = 12;
const MAX_NODES = 100_000;
/** An attachment of 10 MB in base64, and room. */
const MAX_TEXT = 16_000_000;
/** Beyond this a double does not hold whole numbers and their text gets an exponent. */
const MAX_NUMBER = 1e15;

// XML 1.0 has no way to say these, and PostgreSQL takes no NUL. Lone surrogates are no text.
const UNSAYABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

/** @throws OdooFault `invalid_call`, naming the place */
export function checkValue(value: unknown, at: string): asserts value is OdooValue {
  const room = { nodes: MAX_NODES, text: MAX_TEXT };
  walk(value, at, 0, room, refuse);
}

/** An answer of the XML-RPC library, which could hold a Date or a Buffer. Null: it is none that Odoo gives. */
export function asValue(value: unknown): OdooValue | undefined {
  const no = new Error('no value of Odoo');
  try {
    walk(value, '', 0, { nodes: 2_000_000, text: 64_000_000 }, () => {
      throw no;
    });
  } catch (error) {
    if (error === no) return undefined;
    throw error;
  }
  return value as OdooValue;
}

interface Room {
  nodes: number;
  text: number;
}

type Refuse = (at: string, why: string) => never;

function refuse(at: string, why: string): never {
  throw new OdooFault('invalid_call', `not sent to Odoo: ${at} ${why}`);
}

function walk(value: unknown, at: string, depth: number, room: Room, no: Refuse): void {
  if ((room.nodes -= 1) < 0) no(at, 'is part of too large a value');
  if (depth > MAX_DEPTH) no(at, 'is nested too deep');
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number') checkNumber(value, at, no);
  else if (typeof value === 'string') checkText(value, at, room, no);
  else walkParts(value, at, depth, room, no);
}

function walkParts(value: unknown, at: string, depth: number, room: Room, no: Refuse): void {
  if (Array.isArray(value)) {
    // A hole is undefined: forEach would step over it.
    for (let i = 0; i < value.length; i++) walk(value[i], `${at}[${i}]`, depth + 1, room, no);
    return;
  }
  if (typeof value !== 'object' || value === null) return no(at, `is ${typeof value}`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) no(at, 'is no plain object');
  for (const [key, part] of Object.entries(value)) {
    if (key === '__proto__') no(at, 'has a member __proto__');
    checkText(key, at, room, no);
    walk(part, `${at}.${key}`, depth + 1, room, no);
  }
}

function checkNumber(value: number, at: string, no: Refuse): void {
  if (!Number.isFinite(value)) no(at, `is ${value}`);
  if (Math.abs(value) >= MAX_NUMBER) no(at, 'is too large a number');
}

function checkText(value: string, at: string, room: { text: number }, no: Refuse): void {
  if ((room.text -= value.length) < 0) no(at, 'is too large');
  if (UNSAYABLE.test(value)) no(at, 'holds a control character');
}
