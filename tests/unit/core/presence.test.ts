import { describe, expect, it } from 'vitest';
import { isStuck, presenceOf, SILENT_AFTER_MS } from '../../../src/core/presence.ts';
import { type Heartbeat, parseHeartbeat } from '../../../src/core/heartbeat.ts';

const NOW = 1_800_000_000_000;
const beat = (at: number, state: Heartbeat['state'] = 'ok'): Heartbeat => ({
  process: 'p',
  at,
  state,
  reason: null,
});

describe('who was last seen', () => {
  it('is alive while heartbeats come, silent when three are missing, stopped when it said so', () => {
    expect(presenceOf(beat(NOW - SILENT_AFTER_MS), NOW)).toMatchObject({ presence: 'alive' });
    expect(presenceOf(beat(NOW - SILENT_AFTER_MS - 1), NOW)).toMatchObject({ presence: 'silent' });
    expect(presenceOf(beat(NOW - 1, 'stopped'), NOW)).toEqual({ presence: 'stopped', lastSeen: NOW - 1 });
    expect(presenceOf(null, NOW)).toEqual({ presence: 'never' });
  });

  it('is not alive for ever because its clock is ahead', () => {
    expect(presenceOf(beat(NOW + 60_000, 'stopped'), NOW)).toEqual({ presence: 'stopped', lastSeen: NOW });
    expect(presenceOf(beat(NOW + 1e12), NOW)).toEqual({ presence: 'clock-ahead' });
  });
});

describe('a claimed note', () => {
  it('is stuck when its owner went away after taking it', () => {
    const owner = { presence: 'silent', lastSeen: NOW - 600_000 } as const;
    expect(isStuck({ since: NOW - 700_000, owner, now: NOW })).toBe(true);
  });

  it('is not stuck while its owner works, unless it takes unusually long', () => {
    const owner = { presence: 'alive', state: 'ok', reason: null } as const;
    expect(isStuck({ since: NOW - 20 * 60_000, owner, now: NOW })).toBe(false);
    expect(isStuck({ since: NOW - 31 * 60_000, owner, now: NOW })).toBe(true);
  });
});

describe('a heartbeat file', () => {
  it('is read strictly: anything odd counts as not there', () => {
    const good = {
      process: 'p',
      at: '2026-11-20T12:00:00.000Z',
      state: 'ok',
      since: '2026-11-20T11:00:00.000Z',
    };
    expect(parseHeartbeat(JSON.stringify(good), 'p')).toMatchObject({
      process: 'p',
      state: 'ok',
      reason: null,
    });
    for (const bad of [
      { ...good, process: 'q' },
      { ...good, at: 'now' },
      { ...good, state: 'fine' },
      { ...good, reason: 7 },
      { ...good, reason: 'x'.repeat(2000) },
      null,
      [],
    ]) {
      expect(parseHeartbeat(JSON.stringify(bad), 'p')).toBeNull();
    }
    expect(parseHeartbeat('{', 'p')).toBeNull();
  });
});
