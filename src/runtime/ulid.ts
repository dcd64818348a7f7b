import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 10 characters of time, 16 of crypto-random bits. Names a claim; its order proves nothing. */
export function ulid(nowMs: number): string {
  let time = '';
  for (let rest = Math.trunc(nowMs), i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) {
    time = CROCKFORD.charAt(rest % 32) + time;
  }
  return time + Array.from(randomBytes(16), (byte) => CROCKFORD.charAt(byte & 31)).join('');
}
