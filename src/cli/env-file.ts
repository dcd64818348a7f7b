/** The text of `.env`: a new one from `.env.example` for one kind of machine, and single values of one that is there. */
import { parseEnv } from 'node:util';

/** What this machine is: both halves, or one of two. */
export type MachineRole = 'both' | 'cloud' | 'laptop';

/** Whose values each kind of machine holds, as `# Read by:` in `.env.example` names them; a test holds this against it. */
const CLOUD = ['cloud-email-watcher', 'draft-replier', 'odoo-mcp', 'status-mcp', 'health-monitor'];
const LAPTOP = [
  ...['approval-handler', 'email-mcp', 'odoo-mcp', 'orchestrator', 'status-mcp', 'health-monitor'],
];
export const READERS: Readonly<Record<MachineRole, readonly string[]>> = {
  both: [...CLOUD, ...LAPTOP],
  cloud: CLOUD,
  laptop: LAPTOP,
};

export type Values = Readonly<Record<string, string>>;

export class EnvFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EnvFault';
  }
}

/**
 * `.env.example` without the keys that no process of this machine reads: the cloud's file has no line for sending.
 * @throws EnvFault when a value cannot be written
 */
export function envFor(example: string, role: MachineRole, values: Values): string {
  const kept = example.split(/\n(?=\n)/).map((section) => sectionFor(section, READERS[role]));
  const text = kept.filter((section) => section.trim() !== '').join('\n');
  return editedEnv(`${text.trimEnd()}\n`, values);
}

const KEY_LINE = /^([A-Z][A-Z0-9_]*)=/;

/** Comments belong to the key below them; those of a section that loses all its keys go with it. */
function sectionFor(section: string, readers: readonly string[]): string {
  const lines = section.split('\n');
  if (!lines.some((line) => KEY_LINE.test(line))) return section;
  const out: string[] = [];
  let comments: string[] = [];
  let keys = 0;
  for (const line of lines) {
    if (line.startsWith('# ---') || line === '') out.push(line);
    else if (!KEY_LINE.test(line)) comments.push(line);
    else {
      if (isReadBy(comments, readers)) {
        out.push(...comments, line);
        keys += 1;
      }
      comments = [];
    }
  }
  return keys === 0 ? '' : out.join('\n');
}

function isReadBy(comments: readonly string[], readers: readonly string[]): boolean {
  const said = /^# Read by: (.+)$/.exec(comments.at(-1) ?? '')?.[1]?.split(', ') ?? [];
  return said.some((one) => one === 'all' || readers.includes(one));
}

/**
 * The text with these values in it and nothing else changed: comments, order, other keys stay.
 * @throws EnvFault when that cannot be done; it was read back to know
 */
export function editedEnv(text: string, values: Values): string {
  const before = parseEnv(text);
  const lines = text.split('\n');
  for (const [key, value] of Object.entries(values)) {
    if (before[key] === value) continue;
    const line = `${key}=${quoted(key, value)}`;
    // The last one counts when a key stands twice.
    const at = lines.findLastIndex((one) => new RegExp(`^\\s*(export\\s+)?${key}\\s*=`).test(one));
    if (at >= 0) lines[at] = line;
    else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, line);
  }
  const after = lines.join('\n');
  const wrong = differing(parseEnv(after), { ...before, ...values });
  if (wrong.length > 0) {
    throw new EnvFault(
      `.env is written in a way that cannot be changed safely; set by hand: ${wrong.join(', ')}`,
    );
  }
  return after;
}

function differing(one: NodeJS.Dict<string>, other: NodeJS.Dict<string>): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => one[key] !== other[key]);
}

/** Node's reader knows three quotes and no escapes but `\n` between double ones (node:util, parseEnv). */
function quoted(key: string, value: string): string {
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw new EnvFault(`${key} holds a line break or a control character`);
  if (/^[\w./:@,+-]*$/.test(value)) return value;
  const quote = ['"', "'", '`'].find((one) => !value.includes(one) && !(one === '"' && value.includes('\\')));
  if (quote === undefined)
    throw new EnvFault(`${key} holds all three kinds of quotes, which .env cannot hold`);
  return `${quote}${value}${quote}`;
}
