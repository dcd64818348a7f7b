import { describe, expect, it } from 'vitest';
import { ulid } from '../../../src/runtime/ulid.ts';

describe('a ulid', () => {
  it('has the form of one and begins with the time', () => {
    expect(ulid(1469918176385)).toMatch(/^01ARYZ6S41[0-9A-HJKMNP-TV-Z]{16}$/);
  });

  it('does not come twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => ulid(0))).size).toBe(1000);
  });
});
