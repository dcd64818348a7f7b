import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Nudger } from '../../../src/sync/nudge.ts';
import { Syncthing } from '../../../src/sync/syncthing-client.ts';
import { type Answer, type ScriptedApi, scriptedApi } from '../../helpers/scripted-api.ts';
import { until } from '../../helpers/until.ts';

interface World {
  readonly api: ScriptedApi;
  readonly nudger: Nudger;
  readonly lines: string[];
  /** The `sub` of each scan so far. */
  readonly scans: () => string[][];
}

async function world({ deadlineMs = 60_000, lingerMs = 0 } = {}): Promise<World> {
  const api = await scriptedApi();
  const client = new Syncthing({ url: api.url, apiKey: 'k', deadlineMs });
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  const nudger = new Nudger({ client, folder: 'f', clock: systemClock, log, lingerMs });
  onTestFinished(async () => {
    await nudger.stop();
    client.close();
    await api.close();
  });
  const scans = (): string[][] =>
    api.calls
      .filter((call) => call.includes('/rest/db/scan'))
      .map((call) => new URL(call.split(' ')[1] ?? '', api.url).searchParams.getAll('sub'));
  return { api, nudger, lines, scans };
}

/** Answers of scans that the test lets go one by one. */
function gate(api: ScriptedApi): { open: () => void; waiting: () => number } {
  const held: ((answer: Answer) => void)[] = [];
  api.on('/rest/db/scan', () => new Promise<Answer>((resolve) => void held.push(resolve)));
  return { open: () => held.shift()?.({ text: '' }), waiting: () => held.length };
}

const settled = async (promise: Promise<void>): Promise<boolean> => {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};

describe('a nudge', () => {
  it('has everything scanned that was told in one step, in one call', async () => {
    const { api, nudger, scans } = await world();
    api.on('/rest/db/scan', { text: '' });
    nudger.changed(['Done/a.md', 'Approved/a.md']);
    nudger.changed(['Updates/local-agent/x.json']);
    await nudger.flush();
    expect(scans()).toEqual([['Done/a.md', 'Updates/local-agent/x.json']]);
  });

  it('is one at a time, and what comes meanwhile goes together', async () => {
    const { api, nudger, scans } = await world();
    const { open, waiting } = gate(api);
    nudger.changed(['a']);
    await until('the first scan', () => waiting() === 1);
    for (const path of ['b', 'c', 'b']) nudger.changed([path]);
    expect(scans()).toEqual([['a']]);
    open();
    await until('the second scan', () => waiting() === 1);
    expect(scans()).toEqual([['a'], ['b', 'c']]);
    open();
    await nudger.flush();
  });

  it('of what does not travel, or is no path, is none', async () => {
    const { api, nudger, scans } = await world();
    api.on('/rest/db/scan', { text: '' });
    nudger.changed(['Approved/a.md', 'Done/.handover-x', '../up.md', '/etc/passwd', '', 'a//b', './c']);
    nudger.changed(['Approved but not the folder.md']);
    await nudger.flush();
    expect(scans()).toEqual([['Approved but not the folder.md']]);
  });

  it('of more than can be named is a scan of the whole folder', async () => {
    const { api, nudger, scans } = await world();
    api.on('/rest/db/scan', { text: '' });
    nudger.changed(Array.from({ length: 50_000 }, (_, i) => `Done/${i}.md`));
    expect(await settled(nudger.published('Done/never-told.md'))).toBe(false);
    await nudger.flush();
    expect(scans()).toEqual([[]]);
  });
});

describe('published', () => {
  it('is at once for a file of which nothing waits', async () => {
    const { api, nudger } = await world();
    const { open, waiting } = gate(api);
    expect(await settled(nudger.published('b'))).toBe(true);
    nudger.changed(['a']);
    await until('the scan', () => waiting() === 1);
    expect(await settled(nudger.published('b'))).toBe(true);
    expect(await settled(nudger.published('a'))).toBe(false);
    open();
  });

  it('waits for the scan that began after the last change', async () => {
    const { api, nudger } = await world();
    const { open, waiting } = gate(api);
    nudger.changed(['a']);
    await until('the first scan', () => waiting() === 1);
    nudger.changed(['a']);
    const published = nudger.published('a');
    open();
    await until('the second scan', () => waiting() === 1);
    expect(await settled(published)).toBe(false);
    open();
    await published;
  });

  it('does not wait for ever', async () => {
    const { api, nudger } = await world();
    api.on('/rest/db/scan', 'hang');
    nudger.changed(['a']);
    await nudger.published('a');
    expect(api.calls).toHaveLength(1);
  });
});

describe('without an API', () => {
  it('says so once, and once when it is back', async () => {
    const { api, nudger, lines } = await world();
    await api.down();
    nudger.changed(['a']);
    await nudger.published('a');
    await until('the failure was seen', () => lines.length === 1);
    for (const path of ['b', 'c', 'd']) {
      nudger.changed([path]);
      expect(await settled(nudger.published(path))).toBe(true);
    }
    api.on('/rest/db/scan', { text: '' });
    await api.up();
    await until('it is back', () => {
      nudger.changed(['e']);
      return lines.length === 2;
    });
    expect(lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([40, 30]);
  });

  it('is asked ever less often', async () => {
    const { api, nudger, lines } = await world();
    api.on('/rest/db/scan', { status: 500, text: 'folder is paused' });
    nudger.changed(['a']);
    await until('the failure was seen', () => lines.length === 1);
    const told = 300;
    for (let i = 0; i < told; i++) {
      nudger.changed([`b${i}`]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(api.calls.length).toBeLessThan(10);
    expect(lines).toHaveLength(1);
  });

  it('ends at once', async () => {
    const { api, nudger, lines } = await world();
    await api.down();
    nudger.changed(['a']);
    await until('the failure was seen', () => lines.length === 1);
    nudger.changed(['b']);
    await nudger.stop();
    nudger.changed(['c']);
    await nudger.published('c');
    await nudger.flush();
  });

  it('that hangs is let go when the process ends', async () => {
    const { api, nudger } = await world();
    api.on('/rest/db/scan', 'hang');
    nudger.changed(['a']);
    await until('the scan', () => api.calls.length === 1);
    await nudger.stop();
    expect(await settled(nudger.published('a'))).toBe(true);
  });
});

describe('a note that nobody has seen yet', () => {
  const inbox = 'Needs_Action/email/x.md';
  const mine = 'In_Progress/cloud-agent/x.md';
  const card = 'Pending_Approval/email/x.md';
  const lingering = async () => {
    const made = await world({ lingerMs: 200 });
    made.api.on('/rest/db/scan', { text: '' });
    return made;
  };

  it('is told when it is offered, with all its steps in one scan', async () => {
    const { api, nudger, scans } = await lingering();
    api.on('/rest/db/file', { status: 404, text: 'no such object in the index' });
    nudger.changed([mine, inbox]);
    nudger.changed([mine]);
    await nudger.published(mine);
    expect(scans()).toEqual([]);
    nudger.changed([card, mine]);
    await until('the scan', () => scans().length > 0);
    expect(scans()).toEqual([[card, mine, inbox]]);
  });

  it('is told after all when it stays', async () => {
    const { api, nudger, scans } = await lingering();
    api.on('/rest/db/file', { status: 404, text: 'no such object in the index' });
    nudger.changed([inbox]);
    nudger.changed(['Needs_Action/email/y.md']);
    nudger.changed([mine, inbox]);
    await until('both are told', () => scans().flat().length === 3);
    expect(new Set(scans().flat())).toEqual(new Set(['Needs_Action/email/y.md', mine, inbox]));
  });

  it('is told when the process ends', async () => {
    const { nudger, scans } = await lingering();
    nudger.changed([inbox]);
    await nudger.stop();
    expect(scans()).toEqual([[inbox]]);
  });
});

describe('a note that the peer knows', () => {
  it('is told at once when it is claimed, and its change before it moves on', async () => {
    const { api, nudger, scans } = await world({ lingerMs: 60_000 });
    const version = {
      name: 'x',
      modifiedBy: 'ABCDEFG',
      version: ['ABCDEFG:1'],
      size: 1,
      modified: '2026-11-20T00:00:00Z',
      deleted: false,
    };
    api.on('/rest/db/file', { json: { availability: null, global: version, local: version } });
    api.on('/rest/db/scan', { text: '' });
    nudger.changed(['In_Progress/cloud-agent/x.md', 'Needs_Action/email/x.md']);
    await until('the claim is told', () => scans().length === 1);
    nudger.changed(['In_Progress/cloud-agent/x.md']);
    await nudger.published('In_Progress/cloud-agent/x.md');
    expect(scans()).toEqual([
      ['In_Progress/cloud-agent/x.md', 'Needs_Action/email/x.md'],
      ['In_Progress/cloud-agent/x.md'],
    ]);
  });
});
