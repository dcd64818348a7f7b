/**
 * The daily page of what was skipped. Written by the watcher alone: one process holds its lock.
 *
 * `STATE_DIR/skipped/<day>.jsonl` has a line for each mail, added before the mail's ledger entry; the page is made from it
 * as a whole. So a crash loses no line (the mail is fetched again) and doubles none (a task has one line).
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { localTime } from '../core/local-time.ts';
import { MAX_SHOWN_SKIPPED, skippedPage, skippedPageName } from '../core/skipped-page.ts';
import { markdownText, noteLink } from '../core/markdown-text.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { syncFolder } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { removePage } from '../vault/remove-page.ts';
import type { Vault } from '../vault/vault.ts';

export interface SkippedMail {
  readonly id: TaskId;
  /** Of its note. */
  readonly name: string;
  /** Hostile, like the reason. */
  readonly title: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface SkippedDigest {
  /** Outlives the process at once. */
  add(mail: SkippedMail): void;
  /** Makes the lines durable and brings the pages up to date; before the cursor moves. */
  flush(): Promise<void>;
}

export interface DigestDeps {
  readonly stateDir: string;
  readonly vault: Pick<Vault, 'writeOther' | 'root'>;
  readonly timeZone: string;
  readonly now: () => number;
}

const KEEP_DAYS = 14;
const DAY_MS = 86_400_000;
const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;
const MAX_TITLE = 160;
const MAX_REASON = 200;

/** Beyond what is shown only the id is kept, so that the count is right. */
const lineSchema = z.object({ id: z.string(), shown: z.string().max(2_000).optional() });

interface Day {
  readonly ids: Set<string>;
  readonly shown: string[];
  /** The page is older than the lines. */
  dirty: boolean;
}

/** Brings up to date what a crash left behind. Rejects when STATE_DIR or the vault cannot be used. */
export async function openSkippedDigest(deps: DigestDeps): Promise<SkippedDigest> {
  const folder = join(deps.stateDir, 'skipped');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const days = new Map<string, Day>();
  for (const day of await daysIn(folder)) days.set(day, await readDay(folder, day));
  let last: Promise<unknown> = Promise.resolve();
  const digest: SkippedDigest = {
    add: (mail) => {
      const at = localTime(mail.atMs, deps.timeZone);
      const key = at.slice(0, 10);
      const day = days.get(key) ?? { ids: new Set<string>(), shown: [], dirty: false };
      days.set(key, day);
      if ([...days.values()].some(({ ids }) => ids.has(mail.id))) return;
      const line = {
        id: mail.id,
        ...(day.shown.length < MAX_SHOWN_SKIPPED ? { shown: shownLine(mail, at) } : {}),
      };
      // A line that a power cut left half is ended by the next one's first line break.
      appendFileSync(join(folder, `${key}.jsonl`), `\n${JSON.stringify(line)}\n`, { mode: 0o600 });
      take(day, line);
      day.dirty = true;
    },
    flush: () => {
      // Several mailboxes flush at once: an older page must not be written over a newer one.
      const next = last.then(() => writePages(deps, folder, days));
      last = next.catch(() => undefined);
      return next;
    },
  };
  await digest.flush();
  return digest;
}

async function writePages(deps: DigestDeps, folder: string, days: Map<string, Day>): Promise<void> {
  for (const [key, day] of days) {
    if (!day.dirty) continue;
    day.dirty = false;
    try {
      await syncFile(join(folder, `${key}.jsonl`));
      await deps.vault.writeOther(skippedPageName(key), skippedPage(key, day.ids.size, day.shown));
    } catch (error) {
      day.dirty = true;
      throw error;
    }
  }
  await dropOld(deps, folder, days);
}

function shownLine({ name, title, reason }: SkippedMail, at: string): string {
  const told = [markdownText(title, MAX_TITLE), markdownText(reason, MAX_REASON), noteLink(name)];
  return `- ${at.slice(11, 16)} · ${told.join(' · ')}`;
}

function take(day: Day, line: z.infer<typeof lineSchema>): void {
  if (day.ids.has(line.id)) return;
  day.ids.add(line.id);
  if (line.shown !== undefined && day.shown.length < MAX_SHOWN_SKIPPED) day.shown.push(line.shown);
}

async function daysIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => DAY_FILE.exec(name)?.[1] ?? []).sort();
}

/** Whether its page was written before the process ended is not known, so it is written again. */
async function readDay(folder: string, key: string): Promise<Day> {
  const day: Day = { ids: new Set(), shown: [], dirty: true };
  for (const text of (await readFile(join(folder, `${key}.jsonl`), 'utf8')).split('\n')) {
    const line = readLine(text);
    if (line !== null && isTaskId(line.id)) take(day, line);
  }
  return day;
}

function readLine(text: string): z.infer<typeof lineSchema> | null {
  if (text === '') return null;
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The page first: killed in between, the next start still knows that there is one. */
async function dropOld(deps: DigestDeps, folder: string, days: Map<string, Day>): Promise<void> {
  const oldest = localTime(deps.now() - KEEP_DAYS * DAY_MS, deps.timeZone).slice(0, 10);
  const old = [...days.keys()].filter((key) => key < oldest);
  for (const key of old) {
    await removePage(deps.vault.root, skippedPageName(key));
    await unlink(join(folder, `${key}.jsonl`)).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
    days.delete(key);
  }
  if (old.length > 0) await syncFolder(folder);
}
