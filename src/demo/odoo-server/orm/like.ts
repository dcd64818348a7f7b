/**
 * SQL's LIKE: `%` any text, `_` one character, `\` takes the next as it is. By hand and not as a regular expression:
 * forty `%` in a row of `a` would keep one busy for ever.
 */
export function isLike(text: string, pattern: string): boolean {
  const wanted = [...pattern.matchAll(/\\([\s\S])|([\s\S])/gu)].map(([, escaped, plain]) =>
    escaped === undefined ? { sign: plain ?? '', isPlain: false } : { sign: escaped, isPlain: true },
  );
  const signs = Array.from(text);
  const isAny = (at: number): boolean => wanted[at]?.sign === '%' && !wanted[at].isPlain;
  const fits = (at: number, sign: string | undefined): boolean => {
    const want = wanted[at];
    return (
      want !== undefined && sign !== undefined && ((want.sign === '_' && !want.isPlain) || want.sign === sign)
    );
  };
  let [at, want] = [0, 0];
  // Where to go on when what follows the last `%` turns out not to fit.
  let [retryAt, retryWant] = [-1, -1];
  while (at < signs.length) {
    if (isAny(want)) {
      [retryAt, retryWant] = [at, want];
      want += 1;
    } else if (fits(want, signs[at])) {
      at += 1;
      want += 1;
    } else if (retryWant >= 0) {
      retryAt += 1;
      [at, want] = [retryAt, retryWant + 1];
    } else return false;
  }
  while (isAny(want)) want += 1;
  return want === wanted.length;
}
