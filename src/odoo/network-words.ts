/** What Node's codes of a broken connection mean, for one who keeps books. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing answers at its address'],
  [/^ENOTFOUND$/, 'its name is not known'],
  [/^EAI_/, 'names cannot be looked up just now'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/, 'there is no way to its address'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'the connection broke'],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet'],
  [/^CERT_REVOKED$/, 'its certificate was revoked'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another name'],
  [/SELF_SIGNED|ISSUER|UNABLE_TO_|UNTRUSTED/, 'nobody whom this machine trusts vouches for its certificate'],
  [/^(EPROTO|ERR_SSL|ERR_TLS)/, 'what answers there does not speak TLS as it should'],
];

/** '' for a code that has no words. */
export function networkWords(code: string): string {
  return WORDS.find(([pattern]) => pattern.test(code))?.[1] ?? '';
}
