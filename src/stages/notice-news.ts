/** What there would be to tell the user now, from the vault and from what befell the processes of this machine. */
import type { Happening } from '../core/alive.ts';
import { happeningWords } from '../core/alive-words.ts';
import { PROCESSES } from '../core/heartbeat.ts';
import type { NoticeNews } from '../core/notices.ts';
import { presenceOf } from '../core/presence.ts';
import { parseNote, text } from '../core/task-file.ts';
import { readHeartbeat } from '../vault/read-heartbeat.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';

export interface NewsDeps {
  readonly vault: Vault;
  readonly now: () => number;
  /** Of the last day. */
  readonly happenings: () => Promise<readonly Happening[]>;
  /** What befell a process is news for so long, also to one that was itself just started again; milliseconds. */
  readonly freshMs: number;
  /** A connection that broke is back in a minute; `degraded` for so long is told. */
  readonly lastsMs: number;
}

/** For a way that tells at once. */
export const SOON = { freshMs: 15 * 60_000, lastsMs: 10 * 60_000 } as const;
/** For one that tells once an hour: what befell in between is not lost. */
export const HOURLY = { freshMs: 75 * 60_000, lastsMs: 10 * 60_000 } as const;

const CARDS = 5000;
/** Cards that are read, to know whether one is in doubt. */
const READ = 200;
const DOUBT_WORDS = 'a card is in doubt: was it sent? Open it and say';

type Failure = NoticeNews['failures'][number];

/** Cheap to call again and again: a card is read once per version. */
export function noticeNews(deps: NewsDeps): () => Promise<NoticeNews> {
  const doubts = new Map<string, boolean>();
  const unwell = new Map<string, number>();
  return async () => {
    const cards = await pending(deps.vault);
    const failures = [
      ...(await fallen(deps)),
      ...(await unwellProcesses(deps, unwell)),
      ...(await doubtful(deps.vault, cards, doubts)),
    ];
    return { cards: cards.map(({ name }) => name), failures };
  };
}

async function pending(vault: Vault): Promise<readonly NoteRef[]> {
  const folders = ['Pending_Approval/email', 'Pending_Approval/odoo'] as const;
  const lists = await Promise.all(
    folders.map(async (folder) =>
      (await unlessBroken(vault.list(folder), [])).map((name) => ({ folder, name })),
    ),
  );
  return lists.flat().slice(0, CARDS);
}

async function doubtful(
  vault: Vault,
  cards: readonly NoteRef[],
  known: Map<string, boolean>,
): Promise<Failure[]> {
  const keys = new Set<string>();
  const out: Failure[] = [];
  for (const ref of cards.slice(0, READ)) {
    const facts = await vault.stat(ref);
    if (!facts) continue;
    const key = `${ref.folder}/${ref.name}/${facts.ctimeMs}/${facts.size}`;
    const doubt = known.get(key) ?? (await isInDoubt(vault, ref));
    known.set(key, doubt);
    keys.add(key);
    if (doubt) out.push({ key: `doubt:${ref.name}`, words: DOUBT_WORDS });
  }
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
  return out;
}

async function isInDoubt(vault: Vault, ref: NoteRef): Promise<boolean> {
  const read = await vault.read(ref);
  const parsed = read.ok ? parseNote(read.text) : null;
  return parsed?.ok === true && text(parsed.note, 'outcome') === 'in_doubt';
}

async function fallen({ now, happenings, freshMs }: NewsDeps): Promise<Failure[]> {
  const at = now();
  const fresh = (await happenings()).filter((one) => one.at > at - freshMs);
  // One line for each process and kind, however often.
  return [
    ...new Map(
      fresh.map((one) => [
        `${one.what}:${one.process}:${one.done === 'restarted' ? 'restarted' : 'left'}`,
        happeningWords(one),
      ]),
    ),
  ].map(([key, words]) => ({ key, words }));
}

/** Names and states alone: the reasons stand on the dashboard, and a peer may have written them. */
async function unwellProcesses(
  { vault, now, lastsMs }: NewsDeps,
  since: Map<string, number>,
): Promise<Failure[]> {
  const out: Failure[] = [];
  const at = now();
  for (const { agent, process } of PROCESSES) {
    const seen = presenceOf(await readHeartbeat(vault, agent, process), at);
    const state = seen.presence === 'alive' ? seen.state : 'ok';
    const key = `${state}:${agent}:${process}`;
    for (const other of ['paused', 'degraded']) {
      if (other !== state) since.delete(`${other}:${agent}:${process}`);
    }
    if (state !== 'paused' && state !== 'degraded') continue;
    const from = since.get(key) ?? at;
    since.set(key, from);
    // Of the monitor it is told by what befell the others.
    if (process === 'health-monitor' || (state === 'degraded' && at - from < lastsMs)) continue;
    out.push({ key, words: `${process} of the ${agent} is ${state}; the dashboard says why` });
  }
  return out;
}
