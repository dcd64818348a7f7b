import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OdooFault } from '../../../src/odoo/faults.ts';
import { asValue, checkValue } from '../../../src/odoo/values.ts';

const refusal = (value: unknown): string => {
  try {
    checkValue(value, 'vals');
  } catch (error) {
    if (error instanceof OdooFault && error.code === 'invalid_call') return error.message;
    throw error;
  }
  return '';
};
const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);

describe('a value for Odoo', () => {
  it.each([
    ['undefined, which XML-RPC would send as an empty text', { price: undefined }],
    ['a bigint, which XML-RPC would send as 0', { price: 5n }],
    ['NaN', { price: Number.NaN }],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['a number whose text has an exponent', 1e21],
    ['a hole in a list', [1, , 2]],
    ['a function', { price: () => 1 }],
    ['a date', { day: new Date(0) }],
    ['bytes', Buffer.from('x')],
    ['a NUL', 'a\u0000b'],
    ['an escape', 'a\u001bb'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a control character in a name', { 'a\u0001': 1 }],
    ['a prototype', JSON.parse('{"__proto__": {"state": "posted"}}')],
    ['what is nested too deep', deep(20)],
    ['too many parts', Array.from({ length: 100_001 }, () => 1)],
    ['too much text', 'x'.repeat(16_000_001)],
  ])('is not %s', (_what, value) => {
    expect(refusal(value)).toContain('not sent to Odoo: vals');
  });

  it('is named by its place', () => {
    expect(refusal({ lines: [{ price: Number.NaN }] })).toBe('not sent to Odoo: vals.lines[0].price is NaN');
  });

  it('is any JSON, with every text that XML can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const sayable =
          !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u.test(texts(value).join(' ')) &&
          !members(value).includes('__proto__');
        const small = numbers(value).every((n) => Math.abs(n) < 1e15);
        expect(refusal(value) === '').toBe(sayable && small);
      }),
    );
    expect(refusal('Müller & Söhne <GmbH> ]]> ☕\n\t')).toBe('');
  });

  it('comes back as it is, or not at all', () => {
    expect(asValue({ id: 1, name: false })).toEqual({ id: 1, name: false });
    expect(asValue({ day: new Date(0) })).toBeUndefined();
    expect(asValue([undefined])).toBeUndefined();
  });
});

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [key, ...texts(part)]);
}

function members(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [key, ...members(part)]);
}

function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbers) : [];
}
