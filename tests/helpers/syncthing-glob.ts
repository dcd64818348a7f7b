/**
 * Does one rule of an ignore list match a path? The part of Syncthing's syntax that `.gitignore-sync` uses, for
 * tests of that list; tests/integration/sync-ignores.test.ts holds it against a real Syncthing.
 */
export function ruleMatches(rule: string, path: string): boolean {
  const folded = rule.startsWith('(?i)');
  const pattern = folded ? rule.slice(4) : rule;
  const rooted = pattern.startsWith('/');
  const source = (rooted ? pattern.slice(1) : pattern)
    .replace(/[.+?^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('[!', '[^');
  // What lies in an ignored folder is ignored.
  return new RegExp(`^${rooted ? '' : '(?:.*/)?'}${source}(?:/.*)?$`, folded ? 'iu' : 'u').test(path);
}
