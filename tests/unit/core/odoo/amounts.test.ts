import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalText, moneyText, parseAmount } from '../../../../src/core/odoo/amounts.ts';

describe('an amount that a person typed', () => {
  it.each([
    ['100', '100'],
    ['1234.50', '1234.50'],
    ['1234,50', '1234.50'],
    ['1.234,50', '1234.50'],
    ['1,234.50', '1234.50'],
    ['1 234,50', '1234.50'],
    ['1\u202f234\u00a0567,5', '1234567.5'],
    ["1'234.50", '1234.50'],
    ['1.234.567', '1234567'],
    ['1,234,567.8', '1234567.8'],
    ['12,5', '12.5'],
    ['0.125', '0.125'],
    ['0,125', '0.125'],
    ['1234,567', '1234.567'],
    ['1.2345', '1.2345'],
    ['-3', '-3'],
    ['\u22123,5', '-3.5'],
    ['-0', '0'],
    ['007', '7'],
    ['+5', '5'],
  ])('%s is %s', (typed, value) => {
    expect(parseAmount(typed)).toEqual({ ok: true, value });
  });

  it.each(['1.234', '1,234', '12.345', '999,000', '-1.234'])('%s is asked about', (typed) => {
    expect(parseAmount(typed)).toMatchObject({ ok: false, why: 'ambiguous' });
  });

  it('the question says both readings, each of which is then read', () => {
    const asked = parseAmount('1.234');
    expect(asked).toMatchObject({
      words: '1.234 can be read in two ways. Write 1234 for the thousands, or 1.2340 for the decimals.',
    });
    expect(parseAmount('1234')).toEqual({ ok: true, value: '1234' });
    expect(parseAmount('1.2340')).toEqual({ ok: true, value: '1.2340' });
  });

  it.each([
    '',
    'ten',
    '10 h',
    '1..2',
    '1.2.3',
    '1,23,4',
    '1.234,5.6',
    '1,234.567,8',
    '5.',
    ',5',
    '1e3',
    '0x10',
    '١٢',
    '--1',
  ])('%j is no number', (typed) => {
    expect(parseAmount(typed)).toMatchObject({ ok: false, why: 'none' });
  });

  it.each(['1234567890123', '0.1234567'])('%s has too many digits', (typed) => {
    expect(parseAmount(typed)).toMatchObject({ ok: false, why: 'too_long' });
  });

  it('is read the same with either decimal sign, and never as another amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.integer({ min: 0, max: 99 }),
        fc.constantFrom(['', '.'], ['.', ','], [',', '.'], ['', ','], [' ', ',']),
        (whole, cents, [group = '', sign = '.']) => {
          const grouped = String(whole).replace(/(?<=\d)(?=(?:\d{3})+$)/g, group);
          const fraction = String(cents).padStart(2, '0');
          const read = parseAmount(`${grouped}${sign}${fraction}`);
          expect(read).toEqual({ ok: true, value: `${whole}.${fraction}` });
        },
      ),
    );
  });
});

describe('an amount of Odoo', () => {
  it.each([
    [0.1 + 0.2, 2, '0.30'],
    [1190, 2, '1,190.00'],
    [1234567.891, 2, '1,234,567.891'],
    [-1190.5, 2, '-1,190.50'],
    [-0, 2, '0.00'],
    [0.0000001, 2, '0.00'],
    [0.00001, 2, '0.00001'],
    [1190, 0, '1,190'],
    [999999999999.99, 2, '999,999,999,999.99'],
  ])('%s with %i places is %s', (value, places, text) => {
    expect(moneyText(value, places)).toBe(text);
  });

  it('keeps every digit, without an exponent', () => {
    expect([1e-7, 1.5e21, -2.5e-9, 0.1, 100].map(decimalText)).toEqual([
      '0.0000001',
      '1500000000000000000000',
      '-0.0000000025',
      '0.1',
      '100',
    ]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = decimalText(value);
        expect(text).toMatch(/^-?\d+(?:\.\d+)?$/);
        expect(Number(text)).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
