import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { type DiskChange, DiskChanges } from '../../../src/sync/disk-changes.ts';
import { Syncthing } from '../../../src/sync/syncthing-client.ts';
import { type ScriptedApi, scriptedApi } from '../../helpers/scripted-api.ts';
import { tempDir, testDir } from '../../helpers/testdir.ts';
import { until } from '../../helpers/until.ts';
import { EventStream } from './event-stream.ts';

const log = pino({ level: 'silent' });

/** What a follower was told: paths, and `GAP` where it was told of one. */
interface Follower {
  readonly told: string[];
  readonly changes: DiskChange[];
  readonly gaps: (number | null)[];
  readonly follow: DiskChanges;
}

function follow(
  api: ScriptedApi,
  cursorFile: string,
  onChange?: (c: DiskChange) => Promise<void> | void,
): Follower {
  const client = new Syncthing({ url: api.url, apiKey: 'k', deadlineMs: 5_000 });
  const [told, changes, gaps]: [string[], DiskChange[], (number | null)[]] = [[], [], []];
  const changed = async (change: DiskChange): Promise<void> => {
    await onChange?.(change);
    changes.push(change);
    told.push(change.path);
  };
  const gap = (since: number | null): void => {
    gaps.push(since);
    told.push('GAP');
  };
  const deps = { client, folder: 'f', cursorFile, onChange: changed, onGap: gap, clock: systemClock, log };
  const started = DiskChanges.start(deps);
  onTestFinished(async () => {
    await started.stop();
    client.close();
  });
  return { told, changes, gaps, follow: started };
}

async function world(): Promise<{ api: ScriptedApi; stream: EventStream; cursorFile: string }> {
  const api = await scriptedApi();
  onTestFinished(() => api.close());
  const stream = new EventStream();
  stream.serve(api);
  return { api, stream, cursorFile: join(await testDir(), 'sync/orchestrator.events.json') };
}

describe('following', () => {
  it('from nothing tells a gap first, then everything that is still known, in order', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    stream.emit('b', { origin: 'Remote' });
    const { told, changes, gaps, follow: f } = follow(api, cursorFile);
    await f.flush();
    expect(told).toEqual(['GAP', 'a', 'b']);
    expect(gaps).toEqual([null]);
    expect(changes.map(({ origin }) => origin)).toEqual(['local', 'remote']);
    expect(f.continuous).toBe(true);
    expect(existsSync(cursorFile)).toBe(true);
  });

  it('hears of a change without asking, and of none twice', async () => {
    const { api, stream, cursorFile } = await world();
    const { told, follow: f } = follow(api, cursorFile);
    await f.flush();
    for (const path of ['a', 'b', 'c']) {
      stream.emit(path);
      await until(path, () => told.includes(path));
    }
    await f.flush();
    expect(told).toEqual(['GAP', 'a', 'b', 'c']);
  });

  it('goes on after a restart of its own where it was, without a gap', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const first = follow(api, cursorFile);
    await first.follow.flush();
    await first.follow.stop();
    stream.emit('b');
    const second = follow(api, cursorFile);
    await second.follow.flush();
    expect(second.told).toEqual(['b']);
  });

  it('leaves out other folders, and counts them', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const { told, follow: f } = follow(api, cursorFile);
    await f.flush();
    stream.emit('elsewhere', { folder: 'other' });
    stream.emit('b');
    await f.flush();
    expect(told).toEqual(['GAP', 'a', 'b']);
  });

  it('gives a change again that was not taken, and nothing past it', async () => {
    const { api, stream, cursorFile } = await world();
    let refusals = 2;
    const { told, follow: f } = follow(api, cursorFile, ({ path }) => {
      if (path === 'b' && refusals-- > 0) throw new Error('not now');
    });
    await f.flush();
    stream.emit('a');
    stream.emit('b');
    stream.emit('c');
    await until('all were taken', () => told.includes('c'));
    expect(told.filter((path) => path !== 'GAP')).toEqual(['a', 'b', 'c']);
  });

  it('starts anew, with a gap, from a cursor nobody can read', async () => {
    const { api, stream, cursorFile } = await world();
    const broken = join(cursorFile, '../../broken.json');
    await writeFile(broken, '{"lastId": "many"');
    stream.emit('a');
    const { told, follow: f } = follow(api, broken);
    await f.flush();
    expect(told).toEqual(['GAP', 'a']);
  });
});

describe('a gap is told', () => {
  const during = async (what: (stream: EventStream) => void): Promise<string[]> => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const first = follow(api, cursorFile);
    await first.follow.flush();
    await first.follow.stop();
    what(stream);
    const second = follow(api, cursorFile);
    await second.follow.flush();
    expect(second.gaps.every((since) => since !== null)).toBe(true);
    return second.told;
  };

  it('when Syncthing was restarted', async () => {
    expect(
      await during((stream) => {
        stream.restart('2026-11-21T00:00:09Z');
        stream.emit('b');
      }),
    ).toEqual(['GAP', 'b']);
  });

  it('when it was restarted within the second and happens to count as far', async () => {
    expect(
      await during((stream) => {
        stream.restart();
        stream.emit('b');
        stream.emit('c');
      }),
    ).toEqual(['GAP', 'b', 'c']);
  });

  it('when it was restarted and tells nothing', async () => {
    expect(await during((stream) => stream.restart())).toEqual(['GAP']);
  });

  it('when more happened than its buffer holds', async () => {
    const told = await during((stream) => {
      for (let i = 0; i < 1001; i++) stream.emit(`n${i}`);
    });
    expect(told.slice(0, 2)).toEqual(['GAP', 'n1']);
    expect(told).toHaveLength(1001);
  });

  it('when Syncthing dropped an event', async () => {
    expect(
      await during((stream) => {
        stream.emit('b');
        stream.drop();
        stream.emit('c');
      }),
    ).toEqual(['GAP', 'b', 'c']);
  });

  it.each([{ folder: 'f', path: 7 }, { action: 'modified', path: 'b' }, 'b', []])(
    'when an event cannot be read: %j',
    async (data) => {
      expect(
        await during((stream) => {
          stream.emit('b', { data });
          stream.emit('c');
        }),
      ).toEqual(['GAP', 'c']);
    },
  );

  it('when its answer is larger than an answer may be, and then it goes on', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const { told, follow: f } = follow(api, cursorFile);
    await f.flush();
    const flood = 'x'.repeat(30_000);
    for (let i = 0; i < 400; i++) stream.emit(`${flood}${i}`);
    await f.flush();
    expect(told.slice(2).map((path) => path.slice(0, 3))).toEqual(['GAP', 'xxx']);
    stream.emit('b');
    await f.flush();
    expect(told.at(-1)).toBe('b');
    expect(told).toHaveLength(5);
  });

  it('and told again when the one who was told could not use it', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const client = new Syncthing({ url: api.url, apiKey: 'k' });
    const told: string[] = [];
    let refusals = 1;
    const changes = DiskChanges.start({
      client,
      folder: 'f',
      cursorFile,
      clock: systemClock,
      log,
      onChange: ({ path }) => void told.push(path),
      onGap: () => {
        if (refusals-- > 0) throw new Error('not now');
        told.push('GAP');
      },
    });
    onTestFinished(async () => {
      await changes.stop();
      client.close();
    });
    await until('it was taken', () => told.length === 2);
    expect(told).toEqual(['GAP', 'a']);
  });
});

describe('without an API', () => {
  it('nothing is continuous, a flush fails, and everything comes when it is back', async () => {
    const { api, stream, cursorFile } = await world();
    stream.emit('a');
    const { told, follow: f } = follow(api, cursorFile);
    await f.flush();
    await api.down();
    await until('it was noticed', () => !f.continuous);
    await expect(f.flush()).rejects.toMatchObject({ code: 'unreachable' });
    stream.emit('b');
    await api.up();
    await until('b was told', () => told.includes('b'));
    expect(told).toEqual(['GAP', 'a', 'b']);
    await until('it is continuous', () => f.continuous);
  });

  it('that breaks off while nothing was read yet is a gap', async () => {
    const { api, stream, cursorFile } = await world();
    const { told, follow: f } = follow(api, cursorFile);
    await f.flush();
    await api.down();
    stream.restart();
    await until('it was noticed', () => !f.continuous);
    await api.up();
    stream.emit('b');
    await until('b was told', () => told.includes('b'));
    expect(told).toEqual(['GAP', 'GAP', 'b']);
  });
});

it('whatever happens: what was not given lies behind a gap that was told after it happened', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('emit' as const) },
    { weight: 2, arbitrary: fc.constantFrom('flush' as const, 'follower' as const) },
    { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'drop' as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 2, max: 8 }),
      async (steps, capacity) => {
        const api = await scriptedApi();
        const dir = await tempDir();
        const stream = new EventStream();
        stream.capacity = capacity;
        stream.serve(api);
        const client = new Syncthing({ url: api.url, apiKey: 'k' });
        const told: (number | 'GAP')[] = [];
        /** Each change's number, and how much had been told when it happened. */
        const happened: { readonly n: number; readonly toldBefore: number }[] = [];
        const start = (): DiskChanges =>
          DiskChanges.start({
            client,
            folder: 'f',
            cursorFile: join(dir.path, 'c.json'),
            clock: systemClock,
            log,
            onChange: ({ path }) => void told.push(Number(path)),
            onGap: () => void told.push('GAP'),
          });
        let running = start();
        try {
          for (const [n, what] of steps.entries()) {
            if (what === 'flush') await running.flush();
            else if (what === 'follower') {
              await running.stop();
              running = start();
            } else if (what === 'restart') stream.restart(`2026-11-21T00:01:${String(n).padStart(2, '0')}Z`);
            else {
              happened.push({ n, toldBefore: told.length });
              if (what === 'emit') stream.emit(String(n));
              else stream.drop();
            }
          }
          await running.flush();
          // One more, so that a dropped last one shows as a missing number.
          stream.emit('1000');
          await running.flush();
        } finally {
          await running.stop();
          client.close();
          await api.close();
          await dir.remove();
        }
        for (const { n, toldBefore } of happened) {
          expect(told.includes(n) || told.slice(toldBefore).includes('GAP')).toBe(true);
        }
        const given = told.filter((one) => one !== 'GAP');
        expect(given).toEqual([...given].sort((a, b) => a - b));
      },
    ),
    { numRuns: 60 },
  );
});
