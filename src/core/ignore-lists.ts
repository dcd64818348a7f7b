/**
 * The ignore lists of the devices: what `.gitignore-sync` says for each, and how an installed list differs.
 * Syncthing reads a list from the top and the first match wins, so ours has to be whole, and nothing in
 * the list may undo it: see the rules at the head of that file.
 */

export type SyncDevice = 'cloud' | 'laptop' | 'phone';

export const APPROVED_RULE = '(?i)/Approved';

const SECTION = /^\/\/ \[(every device, first|every device|phone only)\]/;
const SECRETS = /^\/\/ Secrets\b/;

/** The rules for the vault's folder on a device, in order, without comments. */
export function ignoreLines(source: string, device: SyncDevice): readonly string[] {
  const { first, every, phone } = sections(source);
  return [...first, ...every, ...(device === 'phone' ? phone : [])];
}

/** The rules for the second folder, `Approved` itself, which trusted devices share among themselves. */
export function approvedFolderLines(source: string): readonly string[] {
  return sections(source).every.filter((rule) => !rule.includes('/.obsidian/'));
}

/** The rules of the section `Secrets`. */
export function secretRules(source: string): readonly string[] {
  const lines = source.split('\n');
  const from = lines.findIndex((line) => SECRETS.test(line));
  const end = lines.indexOf('', from);
  return from === -1 ? [] : lines.slice(from, end === -1 ? undefined : end).filter(isRule);
}

interface Sections {
  readonly first: readonly string[];
  readonly every: readonly string[];
  readonly phone: readonly string[];
}

function sections(source: string): Sections {
  const rules: Record<string, string[]> = {};
  let section: string[] | null = null;
  for (const line of source.split('\n').map(bare)) {
    const name = SECTION.exec(line)?.[1];
    if (name !== undefined) section = rules[name] ??= [];
    if (!isRule(line)) continue;
    if (section === null) throw new Error(`.gitignore-sync: a rule before the first section: ${line}`);
    section.push(line);
  }
  const { 'every device, first': first = [], 'every device': every = [], 'phone only': phone = [] } = rules;
  if (first[0] !== APPROVED_RULE) throw new Error(`.gitignore-sync: ${APPROVED_RULE} must come first`);
  if (every.length === 0) throw new Error('.gitignore-sync: no rules for every device');
  return { first, every, phone };
}

export type IgnoreFaultCode = 'missing' | 'not-first' | 'include' | 'exception' | 'deletable';

export interface IgnoreFault {
  readonly code: IgnoreFaultCode;
  /** The line it is about, as it stands. */
  readonly line: string;
  /** For the user: a sentence. */
  readonly words: string;
}

/**
 * What is wrong with an installed list. Plain rules of the user's own do no harm and are none of our business,
 * as long as nothing stands before `Approved`.
 */
export function ignoreFaults(
  installed: readonly string[],
  wanted: readonly string[],
): readonly IgnoreFault[] {
  const rules = installed.map(bare).filter(isRule);
  const faults: IgnoreFault[] = rules.flatMap((line) => {
    const code = harm(line);
    return code === null ? [] : [{ code, line, words: HARM_WORDS[code](line) }];
  });
  const first = rules[0];
  if (wanted[0] === APPROVED_RULE && first !== undefined && first !== APPROVED_RULE) {
    faults.unshift({
      code: 'not-first',
      line: first,
      words: `\`${shown(first)}\` stands before \`${APPROVED_RULE}\`: the first match wins, so it could undo it`,
    });
  }
  const missing = wanted.filter((rule) => !rules.includes(rule));
  return [
    ...faults,
    ...missing.map((line) => ({ code: 'missing' as const, line, words: missingWords(line) })),
  ];
}

/** The mark above our rules. Everything below the last of them, and every comment but this, is the user's. */
const HEAD = [
  '// Written by `handover sync apply` from .gitignore-sync, which says why each line is here.',
  '// Lines of your own go below the last of these.',
];
const TAKEN_OUT = '// Taken out by `handover sync apply`: ';

/** The list as it should be: ours on top, what the user added below, harmful lines kept as comments. */
export function mendedIgnores(installed: readonly string[], wanted: readonly string[]): readonly string[] {
  const own = installed
    .map(bare)
    .filter((line) => line !== '' && !HEAD.includes(line) && !wanted.includes(line))
    .map((line) => (isRule(line) && harm(line) !== null ? `${TAKEN_OUT}${line}` : line));
  return [...HEAD, ...wanted, ...own];
}

/**
 * Narrower than what Syncthing (Go) takes for blank, so that a rule of ours counts only when it is one to it too:
 * it does not skip a byte order mark, say.
 */
function bare(line: string): string {
  return line.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
}

function isRule(line: string): boolean {
  return line !== '' && !line.startsWith('//');
}

type Harm = 'include' | 'exception' | 'deletable';

function harm(text: string): Harm | null {
  // Wider, for the same reason.
  const line = text.replace(/^[\p{Z}\p{C}]+/u, '');
  // `#escape=` (2.x) gives another character the meaning of the backslash, for our lines too.
  if (line.startsWith('#include') || line.startsWith('#escape')) return 'include';
  const prefixes = /^(?:!|\(\?[id]\))*/.exec(line)?.[0] ?? '';
  if (prefixes.includes('!')) return 'exception';
  return prefixes.includes('(?d)') ? 'deletable' : null;
}

const HARM_WORDS: Readonly<Record<Harm, (line: string) => string>> = {
  include: (line) =>
    `\`${shown(line)}\`: the file it names is synced, so another device could change the list`,
  exception: (line) => `\`${shown(line)}\` lets something travel that is excluded below it`,
  deletable: (line) => `\`${shown(line)}\`: with \`(?d)\` another device may delete what is excluded`,
};

function missingWords(line: string): string {
  return line === APPROVED_RULE
    ? `\`${line}\` is missing: a device that is not yours could read Approved and write into it`
    : `\`${line}\` is missing: what it names would travel`;
}

const shown = (line: string): string => line.replace(/\p{C}/gu, '?').slice(0, 80);
