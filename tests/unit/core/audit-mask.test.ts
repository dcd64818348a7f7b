import { describe, expect, it } from 'vitest';
import { maskEntry, maskText } from '../../../src/core/audit-mask.ts';

const masked = (parameters: Record<string, unknown>) =>
  maskEntry({ action: 'a', parameters, result: 'ok' }).parameters;

describe('an audit line holds nothing worth stealing', () => {
  it.each([
    ['Authorization: Bearer abcdefghijklmnop', 'abcdefghijklmnop'],
    ['password=hunter2 was refused', 'hunter2'],
    ['api_key: 0123456789', '0123456789'],
    ['sk-live-0123456789abcdef', '0123456789abcdef'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'eyJzdWIiOiIxIn0'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', 'MIIE'],
  ])('cuts a secret out of text: %s', (text, secret) => {
    expect(maskText(text)).not.toContain(secret);
  });

  it('goes by the name of a parameter, however deep it lies', () => {
    expect(masked({ smtp: { user: 'u', Password: 'x', accessToken: 'y' }, cookie: 'z' })).toEqual({
      smtp: { user: 'u', Password: '[secret]', accessToken: '[secret]' },
      cookie: '[secret]',
    });
  });

  it('keeps of a body its length, and of an address its first letter and domain', () => {
    expect(masked({ body: 'Dear Anna', to: ['Anna <anna@example.org>'] })).toEqual({
      body: '[9 characters]',
      to: ['Anna <a***@example.org>'],
    });
  });

  it('masks an address that the cut of a long text would run through', () => {
    const text = `${'x '.repeat(95)}anna.katharina@example.org`;
    expect(maskText(text)).not.toContain('anna.katharina');
  });

  it('is bounded, whatever comes', () => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'x'.repeat(5000)]));
    expect(masked(wide)).toEqual({ left_out: 'too large' });
    const deep = { a: { b: { c: { d: { e: 1 } } } } };
    expect(JSON.stringify(masked(deep))).toContain('[too deep]');
    expect(masked({ n: Number.NaN, f: () => 1, u: undefined, b: 1n })).toEqual({
      n: null,
      f: null,
      u: null,
      b: null,
    });
  });
});
