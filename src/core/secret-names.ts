/**
 * What looks like a secret that got into the vault by mistake. By name: exactly the list of secrets in
 * `.gitignore-sync` (a test holds the two together), so what matches stays on the machine where it was put.
 * By content: such a file travels, and only its owner can take it out again.
 */
import { visibleText } from './neutralise.ts';

/** Syncthing's patterns without their `(?i)`: case does not count, at any depth, `*` is any run of characters. */
export const SECRET_NAMES = [
  '.env',
  '.env.*',
  '.envrc',
  '*.env',
  '*.pem',
  '*.key',
  '*.p12',
  '*.pfx',
  '*.ppk',
  '*.jks',
  '*.keystore',
  '*.kdbx',
  'id_rsa*',
  'id_dsa*',
  'id_ecdsa*',
  'id_ed25519*',
  '.netrc',
  '.npmrc',
  '.pgpass',
  '.git-credentials',
  'token',
  '*.token',
  '*token*.json',
  '*token*.txt',
  'credentials',
  'credentials.json',
  'credentials.txt',
  'credentials.csv',
  'credentials.ini',
  'credentials.yml',
  'credentials.yaml',
  '*secret*.json',
  '*secret*.txt',
] as const;

const NAME_RULES = SECRET_NAMES.map((pattern) => {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*');
  return { pattern, rule: new RegExp(`^${source}$`, 'iu') };
});

/** The pattern that the name of a file or folder matches, or null. */
export function secretName(name: string): string | null {
  return NAME_RULES.find(({ rule }) => rule.test(name))?.pattern ?? null;
}

/**
 * Shapes that are secrets and hardly anything else, as their issuers document them. A password in running
 * text cannot be told from a word and is not looked for.
 */
const SHAPES: readonly { readonly what: string; readonly rule: RegExp }[] = [
  { what: 'a private key', rule: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/ },
  { what: 'an age secret key', rule: /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/ },
  { what: 'an access key of AWS', rule: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { what: 'a token of GitHub', rule: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})/ },
  { what: 'a token of GitLab', rule: /\bglpat-[A-Za-z0-9_-]{20,}/ },
  { what: 'a token of Slack', rule: /\bxox[abeprs]-[A-Za-z0-9-]{20,}/ },
  { what: 'a model key', rule: /\bsk-(?:(?:ant|proj|or|admin)-[A-Za-z0-9_-]{32,}|[A-Za-z0-9]{32,})/ },
  { what: 'a key of Stripe', rule: /\b[rs]k_live_[A-Za-z0-9]{20,}/ },
  { what: 'a key of Google', rule: /\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/ },
  { what: 'a refresh token of Google', rule: /"refresh_token"\s*:\s*"[^"\s]{20,}"/ },
  {
    what: 'a line of an .env file',
    rule: /^(?:export )?[A-Z][A-Z0-9_]*(?:PASSWORD|SECRET|API_KEY|TOKEN)[ \t]*=[ \t]*(?:"[^"\n<$[{][^"\n]{7,}"|'[^'\n<$[{][^'\n]{7,}'|[^\s"'<$[{]\S{7,})/m,
  },
];

/** One file is read no further than this: a secret is small, and so is the file it was put in. */
export const SECRET_FILE_BYTES = 65_536;

/** What kind of secret the text holds (never the secret itself), or null. */
export function secretInText(text: string): string | null {
  return SHAPES.find(({ rule }) => rule.test(text))?.what ?? null;
}

/** Every secret of a known shape in the text with its words, at most `max`. */
export function secretsInText(
  text: string,
  max: number,
): { readonly what: string; readonly value: string }[] {
  const found: { what: string; value: string }[] = [];
  for (const { what, rule } of SHAPES) {
    for (const [value] of text.matchAll(new RegExp(rule, `${rule.flags}g`))) {
      if (found.length >= max) return found;
      found.push({ what, value });
    }
  }
  return found;
}

/** A note without its quoted lines: `## Original` is quoted, and what a stranger writes is no mistake of the user. */
export function ownWords(note: string): string {
  return note.replace(/^[ \t]*>.*$/gm, '');
}

const SHOWN = 3;

/** One sentence for the dashboard and the heartbeat; null when there is nothing to say. */
export function secretWords(paths: readonly string[]): string | null {
  if (paths.length === 0) return null;
  const shown = paths.slice(0, SHOWN).map((path) => visibleText(path).text.replace(/\s/g, ' ').slice(0, 120));
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  const one = paths.length === 1;
  return `${one ? 'a secret seems' : 'secrets seem'} to lie in the vault: ${shown.join(', ')}${more}. Move ${one ? 'it' : 'them'} out of the vault, and renew what can be opened with ${one ? 'it' : 'them'}.`;
}
