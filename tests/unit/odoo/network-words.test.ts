import { describe, expect, it } from 'vitest';
import { networkWords } from '../../../src/odoo/network-words.ts';

describe('a code of a broken connection', () => {
  it.each([
    ['ECONNREFUSED', 'nothing answers at its address'],
    ['ENOTFOUND', 'its name is not known'],
    ['EAI_AGAIN', 'names cannot be looked up just now'],
    ['ETIMEDOUT', 'there is no way to its address'],
    ['EPIPE', 'the connection broke'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'nobody whom this machine trusts vouches for its certificate'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'nobody whom this machine trusts vouches for its certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'what answers there does not speak TLS as it should'],
  ])('%s is said in words', (code, words) => {
    expect(networkWords(code)).toBe(words);
  });

  it('that nobody knows is not said at all', () => {
    expect([networkWords(''), networkWords('EWHATEVER')]).toEqual(['', '']);
  });
});
