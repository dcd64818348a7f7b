import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEARTBEAT_MS, type HealthState } from '../../../src/core/heartbeat.ts';
import {
  parseNotice,
  renderNotice,
  startMemory,
  TICK_MS,
  type TakeoverMemory,
  takeoverStep,
} from '../../../src/core/takeover.ts';

const TAKEOVER_MS = 15 * 60_000;
const START = Date.UTC(2026, 10, 20, 8, 0, 0);

interface World {
  memory: TakeoverMemory;
  now: number;
  beat: { id: string; state: HealthState } | null;
  inTouch: boolean;
}

function world(change: Partial<World> = {}): World {
  return {
    memory: startMemory(false, START),
    now: START,
    beat: { id: 'old', state: 'ok' },
    inTouch: false,
    ...change,
  };
}

function tick(w: World, afterMs = TICK_MS): void {
  w.now += afterMs;
  w.memory = takeoverStep(w.memory, { now: w.now, beat: w.beat, inTouch: w.inTouch }, TAKEOVER_MS);
}

/** Ticks for so long; the cloud beats, or not. */
function pass(w: World, ms: number, cloud: 'silent' | 'beats'): void {
  for (const end = w.now + ms; w.now < end; ) {
    const minute = Math.floor((w.now + TICK_MS) / HEARTBEAT_MS);
    if (cloud === 'beats') w.beat = { id: `beat ${minute}`, state: 'ok' };
    tick(w);
  }
}

const minutes = (n: number) => n * 60_000;

describe('the laptop takes over', () => {
  it('after so many minutes without a beat that changed, and not before', () => {
    const w = world();
    pass(w, minutes(14), 'silent');
    expect(w.memory.on).toBe(false);
    pass(w, minutes(2), 'silent');
    expect(w.memory.on).toBe(true);
  });

  it('also when there never was a beat', () => {
    const w = world({ beat: null });
    pass(w, minutes(16), 'silent');
    expect(w.memory.on).toBe(true);
  });

  it('never while the cloud beats, also a slow one and with the shortest setting', () => {
    const w = world();
    pass(w, minutes(600), 'beats');
    expect(w.memory.on).toBe(false);
    let memory = startMemory(false, START);
    for (let i = 1; i < 500; i++) {
      const beat = { id: `${Math.floor((i * TICK_MS) / (HEARTBEAT_MS + 20_000))}`, state: 'ok' as const };
      memory = takeoverStep(memory, { now: START + i * TICK_MS, beat, inTouch: true }, 60_000);
      expect(memory.on).toBe(false);
    }
  });

  it('not because it slept: what the cloud did meanwhile is not here yet', () => {
    const w = world();
    pass(w, minutes(5), 'beats');
    tick(w, minutes(600));
    expect(w.memory.on).toBe(false);
    pass(w, minutes(5), 'silent');
    expect(w.memory.on).toBe(false);
    // The link is back, and with it the beats.
    w.inTouch = true;
    pass(w, minutes(60), 'beats');
    expect(w.memory.on).toBe(false);
  });

  it('soon after a sleep when it is in touch with the cloud’s machine and hears nothing', () => {
    const w = world();
    pass(w, minutes(5), 'beats');
    tick(w, minutes(600));
    w.inTouch = true;
    pass(w, minutes(1), 'silent');
    expect(w.memory.on).toBe(false);
    pass(w, minutes(2), 'silent');
    expect(w.memory.on).toBe(true);
  });

  it('not by a clock that jumps ahead', () => {
    const w = world({ inTouch: true });
    pass(w, minutes(1), 'beats');
    tick(w, minutes(100_000));
    expect(w.memory.on).toBe(false);
  });

  it('also after a clock that was set back', () => {
    const w = world();
    tick(w, -minutes(10_000));
    pass(w, minutes(16), 'silent');
    expect(w.memory.on).toBe(true);
  });

  it('after a clean stop of the cloud, as after a crash', () => {
    const w = world();
    pass(w, minutes(5), 'beats');
    w.beat = { id: 'stopped', state: 'stopped' };
    pass(w, minutes(14), 'silent');
    expect(w.memory.on).toBe(false);
    pass(w, minutes(2), 'silent');
    expect(w.memory.on).toBe(true);
  });
});

describe('the laptop hands back', () => {
  const taken = () => {
    const w = world();
    pass(w, minutes(16), 'silent');
    return w;
  };

  it('when the cloud was heard twice', () => {
    const w = taken();
    w.beat = { id: 'first', state: 'ok' };
    pass(w, minutes(1), 'silent');
    expect(w.memory.on).toBe(true);
    w.beat = { id: 'second', state: 'ok' };
    tick(w);
    expect(w.memory.on).toBe(false);
  });

  it('not for an old beat that came with the link, nor for one that says stopped', () => {
    const w = taken();
    w.beat = { id: 'from the night', state: 'ok' };
    pass(w, minutes(30), 'silent');
    w.beat = { id: 'and that it stopped', state: 'stopped' };
    pass(w, minutes(30), 'silent');
    expect(w.memory.on).toBe(true);
  });

  it('and does not take back at once', () => {
    const w = taken();
    pass(w, minutes(3), 'beats');
    expect(w.memory.on).toBe(false);
    pass(w, minutes(14), 'silent');
    expect(w.memory.on).toBe(false);
  });

  it('goes on from where it was after a restart', () => {
    const w = world({ memory: startMemory(true, START) });
    pass(w, minutes(30), 'silent');
    expect(w.memory.on).toBe(true);
    pass(w, minutes(2), 'beats');
    expect(w.memory.on).toBe(false);
  });
});

it('does not flap, whatever the cloud does: between a begin and the one before lies the time set', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 30 * 12 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(gaps, fc.boolean(), (silences, inTouch) => {
      const w = world({ inTouch });
      const begins: number[] = [];
      let on = false;
      silences.forEach((ticks, i) => {
        w.beat = { id: `b${i}`, state: 'ok' };
        for (let t = 0; t < ticks; t++) {
          tick(w);
          if (w.memory.on && !on) begins.push(w.now);
          on = w.memory.on;
        }
      });
      begins.slice(1).forEach((at, i) => expect(at - begins[i]!).toBeGreaterThanOrEqual(TAKEOVER_MS));
    }),
    { numRuns: 500 },
  );
});

describe('the notice', () => {
  it('is read as it was written', () => {
    const notice = { on: true, since: '2026-11-20T08:00:00.000Z' };
    expect(parseNotice(renderNotice(notice))).toEqual(notice);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"on":"yes","since":"2026-11-20T08:00:00Z"}',
    '{"on":true}',
    '{"on":true,"since":"x"}',
  ])('that is %j says nothing', (json) => {
    expect(parseNotice(json)).toBeNull();
  });
});
