import { describe, expect, it } from 'vitest';
import { accountNumbers, ibanChecks } from '../../../src/core/account-numbers.ts';

describe('an IBAN', () => {
  // The examples of SWIFT's IBAN Registry.
  it.each([
    'AT611904300234573201',
    'BE68539007547034',
    'CH9300762011623852957',
    'DE89370400440532013000',
    'DK5000400440116243',
    'ES9121000418450200051332',
    'FI2112345600000785',
    'FR1420041010050500013M02606',
    'GB29NWBK60161331926819',
    'IT60X0542811101000000123456',
    'MT84MALT011000012345MTLCAST001S',
    'NL91ABNA0417164300',
    'NO9386011117947',
    'PL61109010140000071219812874',
    'SE4550000000058398257466',
  ])('%s is found as it stands, in groups, and with dashes', (iban) => {
    expect(ibanChecks(iban)).toBe(true);
    const groups = iban.replace(/(.{4})(?=.)/g, '$1 ');
    for (const shown of [iban, groups, groups.replaceAll(' ', '-'), groups.replaceAll(' ', '\u00a0')]) {
      expect(accountNumbers(`Please pay (${shown}), thanks`)).toEqual([{ key: iban, shown, type: 'iban' }]);
    }
  });

  it('with one figure wrong or two exchanged is told apart', () => {
    expect(ibanChecks('DE89370400440532013001')).toBe(false);
    expect(ibanChecks('DE89370400440532010300')).toBe(false);
    expect(accountNumbers('IBAN DE89 3704 0044 0532 0130 01')[0]?.type).toBe('iban-wrong');
  });

  it.each([
    'AT20 persons we can sit together',
    'NO15 boxes, some of them large',
    'Order DE12 3456 of Monday',
    'XX89370400440532013000',
    'ADE89370400440532013000',
    'DE893704004405320130001',
  ])('is none: %s', (text) => {
    expect(accountNumbers(text)).toEqual([]);
  });

  it('is one, however often and however it is spelled', () => {
    expect(accountNumbers('DE89370400440532013000, de89 3704 0044 0532 0130 00')).toHaveLength(1);
  });
});

it.each([
  ['Account No: 12345678', '12345678'],
  ['account number is 1234 5678', '12345678'],
  ['Routing number 021000021', '021000021'],
  ['Sort code 60-16-13', '601613'],
  ['Kto. 532013000', '532013000'],
  ['número de cuenta: 0200051332', '0200051332'],
])('a number behind the word for it is an account: %s', (text, key) => {
  expect(accountNumbers(text).map((a) => a.key)).toEqual([key]);
});

it.each([
  'Order number: 12345678',
  'call 030 1234567',
  'accounting 2026',
  'Konto seit 2019',
  'I account for 12',
])('a number behind another word is none: %s', (text) => {
  expect(accountNumbers(text)).toEqual([]);
});
