/**
 * Tells the user, by the ways they chose, that cards wait or that something does not work. What was told is kept in
 * one small file for each way. Killed between the sending and the mark, a notice comes a second time; never a third
 * soon, since the time of each try is written down before it.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  dueNotice,
  NO_MARK,
  type NoticeCause,
  type NoticeMark,
  type NoticeNews,
  type ShortNotice,
  stillTold,
} from '../core/notices.ts';
import { writeDurably } from '../files/durable.ts';
import type { Clock } from '../runtime/clock.ts';

export interface NoticeWay {
  readonly name: string;
  /** At least so long between two, whatever happened; milliseconds. */
  readonly gapMs: number;
  /** @throws or `later`: not told, to be tried again, ever later */
  readonly send: (notice: ShortNotice) => Promise<'told' | 'later'>;
}

export interface NoticesDeps {
  /** `STATE_DIR/notices`. */
  readonly folder: string;
  readonly ways: readonly NoticeWay[];
  readonly causes: readonly NoticeCause[];
  readonly news: () => Promise<NoticeNews>;
  readonly clock: Clock;
  /** Null: it works again. */
  readonly onWay: (way: string, error: unknown) => void;
}

const LOOK_MS = 15_000;
const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 3_600_000;
const KEEP_MS = 10 * 60_000;

const markSchema = z.object({
  cards: z.array(z.string()).max(5000),
  failures: z.record(z.string(), z.number()),
  triedAt: z.number(),
});

/** Runs until `signal` aborts; never rejects. Does nothing at all where no way was chosen. */
export async function sendNotices(deps: NoticesDeps, signal: AbortSignal): Promise<void> {
  if (deps.ways.length === 0 || deps.causes.length === 0) return;
  const failed = new Map<string, number>();
  while (!signal.aborted) {
    await pass(deps, failed).catch((error: unknown) => deps.onWay('notices', error));
    await deps.clock.sleep(LOOK_MS, signal);
  }
}

async function pass(deps: NoticesDeps, failed: Map<string, number>): Promise<void> {
  const news = await deps.news();
  for (const way of deps.ways) await tell(deps, way, news, failed);
}

async function tell(
  { folder, causes, clock, onWay }: NoticesDeps,
  way: NoticeWay,
  news: NoticeNews,
  failed: Map<string, number>,
): Promise<void> {
  const path = join(folder, `${way.name}.json`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = await readMark(path);
  const mark = stillTold(news, before, clock.now());
  const tries = failed.get(way.name) ?? 0;
  const retryMs = tries === 0 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
  const due = dueNotice(news, mark, clock.now(), causes, Math.max(way.gapMs, retryMs));
  if (due === null) {
    if (isWorthKeeping(before, mark)) await writeMark(path, mark);
    return;
  }
  await writeMark(path, { ...mark, triedAt: clock.now() });
  try {
    if ((await way.send(due.notice)) === 'told') {
      await writeMark(path, due.told);
      if (failed.delete(way.name)) onWay(way.name, null);
      return;
    }
    failed.set(way.name, tries + 1);
  } catch (error) {
    failed.set(way.name, tries + 1);
    onWay(way.name, error);
  }
}

/** A failure that lasts stays told, and a card that left is forgotten; without a disk flush at every look. */
function isWorthKeeping(before: NoticeMark, mark: NoticeMark): boolean {
  if (before.cards.length !== mark.cards.length) return true;
  return Object.entries(mark.failures).some(([key, at]) => at - (before.failures[key] ?? 0) > KEEP_MS);
}

function writeMark(path: string, mark: NoticeMark): Promise<void> {
  return writeDurably(path, `${JSON.stringify(mark)}\n`);
}

/** Torn or gone: as if nothing had been told yet. */
async function readMark(path: string): Promise<NoticeMark> {
  try {
    const read = markSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return read.success ? read.data : NO_MARK;
  } catch {
    return NO_MARK;
  }
}
