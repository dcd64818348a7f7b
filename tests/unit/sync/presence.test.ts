import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { type PeerState, Presence } from '../../../src/sync/presence.ts';
import { Syncthing } from '../../../src/sync/syncthing-client.ts';
import { type ScriptedApi, scriptedApi } from '../../helpers/scripted-api.ts';
import { until } from '../../helpers/until.ts';

interface World {
  readonly api: ScriptedApi;
  readonly presence: Presence;
  readonly seen: PeerState[];
  readonly lines: string[];
  /** From now on that is the truth, and whoever waits for an event is told that there was one. */
  readonly now: (connected: boolean) => void;
}

async function world(connected: boolean): Promise<World> {
  const api = await scriptedApi();
  let truth = connected;
  let id = 7;
  let waiting: (() => void)[] = [];
  api.on('/rest/system/connections', () => ({
    json: { connections: { A: { connected: truth, paused: false, startedAt: '2026-11-21T00:00:05Z' } } },
  }));
  api.on('/rest/stats/device', { json: { A: { lastSeen: '2026-11-20T00:00:00Z' } } });
  api.on('/rest/events', async (call) => {
    if (Number(call.searchParams.get('since')) >= id) {
      await new Promise<void>((resolve) => void waiting.push(resolve));
    }
    return { json: [{ id, type: 'DeviceConnected', time: '2026-11-21T00:00:05Z', data: { id: 'A' } }] };
  });
  const client = new Syncthing({ url: api.url, apiKey: 'k', deadlineMs: 5_000 });
  const [seen, lines]: [PeerState[], string[]] = [[], []];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  const onChange = (_: string, state: PeerState): void => void seen.push(state);
  const presence = Presence.start({ client, devices: ['A'], clock: systemClock, log, onChange });
  onTestFinished(async () => {
    await presence.stop();
    client.close();
    await api.close();
  });
  return {
    api,
    presence,
    seen,
    lines,
    now: (next) => {
      truth = next;
      id++;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

it('takes over since when it is so, and has its own time for what it saw change', async () => {
  const { presence, seen, now } = await world(true);
  await until('the first look', () => presence.peer('A').known);
  expect(presence.peer('A')).toEqual({
    connected: true,
    since: Date.parse('2026-11-21T00:00:05Z'),
    known: true,
  });
  const before = Date.now();
  now(false);
  await until('the peer is gone', () => !presence.peer('A').connected);
  expect(presence.peer('A').since).toBeGreaterThanOrEqual(before);
  // An event that changed nothing is no change.
  now(false);
  now(true);
  await until('the peer is back', () => presence.peer('A').connected);
  expect(seen.map(({ connected }) => connected)).toEqual([true, false, true]);
});

it('knows when a peer that is away was seen last', async () => {
  const { presence } = await world(false);
  await until('the first look', () => presence.peer('A').known);
  expect(presence.peer('A').since).toBe(Date.parse('2026-11-20T00:00:00Z'));
});

it('knows nothing without an API, says so once, and knows again after it', async () => {
  const { api, presence, seen, lines, now } = await world(true);
  await until('the first look', () => presence.peer('A').known);
  await api.down();
  await until('nothing is known', () => !presence.peer('A').known);
  expect(presence.peer('A')).toEqual({ connected: false, since: null, known: false });
  now(true);
  await api.up();
  await until('it is known again', () => presence.peer('A').connected);
  expect(seen.map(({ known, connected }) => [known, connected])).toEqual([
    [true, true],
    [false, false],
    [true, true],
  ]);
  expect(lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([40, 30]);
});

it.each([{ status: 403, text: 'CSRF Error' }, { text: 'garbage' }, { json: { connections: { A: 1 } } }])(
  'takes nothing from %j',
  async (answer) => {
    const { api, presence, now } = await world(true);
    await until('the first look', () => presence.peer('A').known);
    api.on('/rest/system/connections', answer);
    now(true);
    await until('nothing is known', () => !presence.peer('A').known);
  },
);

it('ends while it waits, and while nobody answers', async () => {
  const { api, presence } = await world(true);
  await until('the first look', () => presence.peer('A').known);
  await presence.stop();
  api.on('/rest', 'hang');
  const client = new Syncthing({ url: api.url, apiKey: 'k' });
  const other = Presence.start({
    client,
    devices: ['A'],
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
  await until('it asks', () => api.calls.length > 3);
  await other.stop();
  expect(other.peer('A').known).toBe(false);
  client.close();
});
