/**
 * When the laptop drafts in the cloud's place. Decided by what we saw ourselves: when the cloud's heartbeat last
 * changed here, and how long we were awake since. The beat's own time stamp is another machine's clock, and
 * may be anybody's.
 *
 * A wrong "begin" costs a claim that is settled between the two, or a draft that is set aside; so it may be
 * wrong, but it should not flap.
 */
import { z } from 'zod';
import { HEARTBEAT_MS, type HealthState } from './heartbeat.ts';

/** Below this a beat that came a little late would begin it. */
const LEAST_SILENCE_MS = 3 * HEARTBEAT_MS;
/** Connected with nothing left to fetch for so long, a cloud that lives would have been heard. */
const HEARD_ENOUGH_MS = 2 * HEARTBEAT_MS;
/** The cloud is back when it was heard twice, and not at the start and end of one breath. */
const BACK_AFTER_MS = HEARTBEAT_MS / 2;

/** What we know of the other side; times are ours, in milliseconds, of this process. */
export interface TakeoverMemory {
  readonly on: boolean;
  /** Identifies the beat that was seen last; null: none was. */
  readonly beat: string | null;
  /** Awake time since that beat was first seen, or since we started. A sleeping laptop hears nobody. */
  readonly awakeSilentMs: number;
  /** By the wall clock, sleep included. */
  readonly silentSince: number;
  /** Awake time since when the peer is connected and nothing is left to fetch from it. */
  readonly inTouchMs: number;
  /** While on: awake time since the first sign of life; null: none. */
  readonly backMs: number | null;
  readonly lastTick: number;
}

export interface TakeoverTick {
  readonly now: number;
  readonly beat: { readonly id: string; readonly state: HealthState } | null;
  /** The peer is connected and our vault has all it has. */
  readonly inTouch: boolean;
}

/** Ticks come this often; a longer gap was sleep, and counts as one tick. */
export const TICK_MS = 5_000;
const LONGEST_TICK_MS = 4 * TICK_MS;

export function startMemory(on: boolean, now: number): TakeoverMemory {
  return {
    on,
    beat: null,
    awakeSilentMs: 0,
    silentSince: now,
    inTouchMs: 0,
    backMs: null,
    lastTick: now,
  };
}

/**
 * One look at the cloud. Begins after `takeoverMs` of silence: all of it awake, or by the clock when we were
 * in touch for two heartbeats since we woke up. Ends when the cloud was heard again, twice.
 */
export function takeoverStep(before: TakeoverMemory, tick: TakeoverTick, takeoverMs: number): TakeoverMemory {
  const awake = Math.min(Math.max(0, tick.now - before.lastTick), LONGEST_TICK_MS);
  const beat = tick.beat?.id ?? null;
  const slept = tick.now - before.lastTick > LONGEST_TICK_MS;
  // The first beat we see after our start may be old: it says nothing about life.
  const heard = before.beat !== null && beat !== null && beat !== before.beat;
  const alive = heard && tick.beat?.state !== 'stopped';
  const seen: TakeoverMemory = {
    ...before,
    beat: beat ?? before.beat,
    awakeSilentMs: heard ? 0 : before.awakeSilentMs + awake,
    // A clock that was set back must not make it wait for ever.
    silentSince: heard ? tick.now : Math.min(before.silentSince, tick.now),
    inTouchMs: tick.inTouch && !slept ? before.inTouchMs + awake : 0,
    backMs: before.on ? backMs(before, alive, awake) : null,
    lastTick: tick.now,
  };
  if (!seen.on) return begins(seen, tick.now, takeoverMs) ? { ...seen, on: true, backMs: null } : seen;
  return alive && (seen.backMs ?? 0) >= BACK_AFTER_MS ? { ...seen, on: false, backMs: null } : seen;
}

function backMs(before: TakeoverMemory, alive: boolean, awake: number): number | null {
  if (before.backMs !== null) return before.backMs + awake;
  return alive ? 0 : null;
}

function begins(memory: TakeoverMemory, now: number, takeoverMs: number): boolean {
  const needed = Math.max(takeoverMs, LEAST_SILENCE_MS);
  if (memory.awakeSilentMs >= needed) return true;
  return now - memory.silentSince >= needed && memory.inTouchMs >= HEARD_ENOUGH_MS;
}

/** `Updates/local-agent/takeover.json`. */
export const TAKEOVER_FILE = 'Updates/local-agent/takeover.json';
export const TAKEOVER_FILE_BYTES = 1024;

export interface TakeoverNotice {
  readonly on: boolean;
  /** RFC 3339, by the laptop's clock; for people. */
  readonly since: string;
}

const noticeSchema = z.object({ on: z.boolean(), since: z.iso.datetime({ offset: true }) });

export function renderNotice(notice: TakeoverNotice): string {
  return `${JSON.stringify(notice)}\n`;
}

/** The file may come from anybody who writes into the vault; one that is odd counts as not there. */
export function parseNotice(json: string): TakeoverNotice | null {
  try {
    const read = noticeSchema.safeParse(JSON.parse(json));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
