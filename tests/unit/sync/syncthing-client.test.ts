import { describe, expect, it, onTestFinished } from 'vitest';
import { Syncthing, SyncthingFault } from '../../../src/sync/syncthing-client.ts';
import { type ScriptedApi, scriptedApi } from '../../helpers/scripted-api.ts';

async function talk(deadlineMs = 300): Promise<{ api: ScriptedApi; client: Syncthing }> {
  const api = await scriptedApi();
  const client = new Syncthing({ url: api.url, apiKey: 'a-secret-key', deadlineMs });
  onTestFinished(async () => {
    client.close();
    await api.close();
  });
  return { api, client };
}

const fault = async (call: Promise<unknown>): Promise<SyncthingFault> => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SyncthingFault) return error;
  throw new Error('no SyncthingFault', { cause: error });
};

const FILE = {
  deleted: false,
  invalid: false,
  ignored: false,
  type: 'FILE_INFO_TYPE_FILE',
  modifiedBy: 'AAAAAAA',
  version: ['AAAAAAA:1'],
  size: 3,
  modified: '2026-11-21T00:00:00Z',
};

describe('a call that fails says how', () => {
  it('is unreachable when nobody listens, and works when somebody does again', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/status', { json: { state: 'idle' } });
    await client.folderStatus('f');
    await api.down();
    expect((await fault(client.folderStatus('f'))).code).toBe('unreachable');
    await api.up();
    expect((await client.folderStatus('f')).state).toBe('idle');
  });

  it('is made again when the kept connection was gone', async () => {
    const { api, client } = await talk();
    let answered = 0;
    api.on('/rest/db/status', () => (++answered === 2 ? 'reset' : { json: { state: 'idle' } }));
    await client.folderStatus('f');
    expect((await client.folderStatus('f')).state).toBe('idle');
    expect(answered).toBe(3);
  });

  it('is not made again for ever', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/status', 'reset');
    expect((await fault(client.folderStatus('f'))).code).toBe('unreachable');
    expect(api.calls.length).toBeLessThanOrEqual(2);
  });

  it('times out when no answer comes, and when one never ends', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/status', 'hang');
    api.on('/rest/db/file', {
      write: (response) => {
        response.write('{');
      },
    });
    expect((await fault(client.folderStatus('f'))).code).toBe('timeout');
    expect((await fault(client.file('f', 'x'))).code).toBe('timeout');
  });

  it('times out also when all connections are taken by calls that hang', async () => {
    const { api, client } = await talk();
    api.on('/rest', 'hang');
    const faults = await Promise.all(Array.from({ length: 40 }, () => fault(client.folderStatus('f'))));
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['timeout']));
    // Those that waited for a connection ended by their own deadline; one that was freed may still be taken.
    expect(api.calls.length).toBeLessThan(40);
  });

  it.each([401, 403])('is forbidden with %i', async (status) => {
    const { api, client } = await talk();
    api.on('/rest', { status, text: 'CSRF Error\n' });
    const { code, message } = await fault(client.config());
    expect(code).toBe('forbidden');
    expect(message).toContain('CSRF Error');
    expect(message).not.toContain('a-secret-key');
  });

  it('is refused with the words of Syncthing, cut short', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/scan', { status: 500, text: `no such folder ${'x'.repeat(5000)}` });
    const { code, status, message } = await fault(client.scan('nope', ['a']));
    expect([code, status]).toEqual(['refused', 500]);
    expect(message).toContain('no such folder');
    expect(message.length).toBeLessThan(300);
  });

  it.each([
    ['no JSON', { text: '<html>' }],
    ['nothing', { text: '' }],
    ['another shape', { json: { state: 7 } }],
    ['a list', { json: [] }],
    ['deep nesting', { text: '['.repeat(200_000) }],
  ])('is malformed with %s', async (_, answer) => {
    const { api, client } = await talk();
    api.on('/rest', answer);
    expect((await fault(client.folderStatus('f'))).code).toBe('malformed');
  });

  it('is malformed with an endless answer, of which little is read', async () => {
    const { api, client } = await talk(20_000);
    let sent = 0;
    api.on('/rest', {
      write: (response) => {
        const chunk = Buffer.alloc(64 * 1024, '[');
        const more = (): void => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        };
        response.on('drain', more);
        more();
      },
    });
    expect((await fault(client.folderStatus('f'))).code).toBe('malformed');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('ends at once when its caller gives up, and when the client is closed', async () => {
    const { api, client } = await talk(60_000);
    api.on('/rest', 'hang');
    const giveUp = new AbortController();
    const polled = fault(client.events({ since: 0, timeoutS: 60, signal: giveUp.signal }));
    const asked = fault(client.folderStatus('f'));
    giveUp.abort();
    const late = fault(client.events({ since: 0, timeoutS: 60, signal: giveUp.signal }));
    expect((await late).code).toBe('unreachable');
    expect((await polled).code).toBe('unreachable');
    client.close();
    expect((await asked).code).toBe('unreachable');
    expect((await fault(client.folderStatus('f'))).code).toBe('unreachable');
  });
});

describe('an answer', () => {
  it('of a file tells its versions apart from who has it', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/file', {
      json: { availability: null, global: FILE, local: { ...FILE, version: null } },
    });
    const status = await client.file('f', 'In_Progress/cloud-agent/a b.md');
    expect(status?.availability).toEqual([]);
    expect(status?.global).toMatchObject({ type: 'file', version: ['AAAAAAA:1'], deleted: false });
    expect(status?.local.version).toEqual([]);
    expect(new URL(api.calls[0]?.split(' ')[1] ?? '', api.url).searchParams.get('file')).toBe(
      'In_Progress/cloud-agent/a b.md',
    );
  });

  it('of a file is null when it was never seen, and a fault when the folder is unknown', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/file', { status: 404, text: 'No such object in the index\n' });
    expect(await client.file('f', 'x.md')).toBeNull();
    api.on('/rest/db/file', { status: 404, text: 'no such folder\n' });
    expect((await fault(client.file('f', 'x.md'))).code).toBe('refused');
  });

  it('of a kind of file that is new to us is of unknown type', async () => {
    const { api, client } = await talk();
    const odd = { ...FILE, type: 'FILE_INFO_TYPE_FIFO' };
    api.on('/rest/db/file', { json: { availability: [{ id: 'A' }], global: odd, local: odd } });
    expect((await client.file('f', 'x'))?.global.type).toBe('unknown');
  });

  it('of the ignores is empty lists where Syncthing says null, and keeps its error', async () => {
    const { api, client } = await talk();
    api.on('/rest/db/ignores', { json: { ignore: null, expanded: null, error: null } });
    expect(await client.ignores('f')).toEqual({ lines: [], expanded: [], error: null });
    api.on('/rest/db/ignores', { json: { ignore: ['#include x'], expanded: [], error: 'x: no such file' } });
    expect((await client.ignores('f')).error).toBe('x: no such file');
  });

  it('of devices that were never seen has no date', async () => {
    const { api, client } = await talk();
    api.on('/rest/stats/device', {
      json: {
        A: { lastSeen: '1970-01-01T00:00:00Z', lastConnectionDurationS: 0 },
        B: { lastSeen: '0001-01-01T00:00:00Z' },
        C: { lastSeen: '2026-11-21T00:00:01Z' },
      },
    });
    expect([...(await client.deviceStats()).values()].map(({ lastSeen }) => lastSeen)).toEqual([
      null,
      null,
      Date.parse('2026-11-21T00:00:01Z'),
    ]);
  });

  it('keeps what this release says and we do not know, so that writing it back changes nothing', async () => {
    const { api, client } = await talk();
    const folder = { id: 'f', devices: [{ deviceID: 'A', introducedBy: '' }], blockIndexing: true };
    api.on('/rest/config', { json: { version: 52, folders: [folder], devices: null, options: { a: 1 } } });
    const config = await client.config();
    expect(config).toMatchObject({ version: 52, folders: [folder], devices: [] });
  });
});

describe('what release 2 says differently', () => {
  it('is read: several connections to one device, and a state of the other side', async () => {
    const { api, client } = await talk();
    const connection = {
      connected: true,
      paused: false,
      startedAt: '2026-11-21T00:00:05+01:00',
      type: 'tcp-client',
    };
    api.on('/rest/system/connections', {
      json: {
        total: {},
        connections: { A: { ...connection, primary: connection, secondary: [connection] } },
      },
    });
    api.on('/rest/db/completion', {
      json: { completion: 95, needItems: 1, needDeletes: 0, remoteState: 'paused' },
    });
    expect((await client.connections()).get('A')).toEqual({
      connected: true,
      paused: false,
      since: Date.parse('2026-11-20T23:00:05Z'),
    });
    expect((await client.completion('f', 'A')).remoteState).toBe('paused');
  });

  it('is kept in a folder: a pause before pulling, and settings we never heard of', async () => {
    const { api, client } = await talk();
    const folder = { id: 'f', devices: [], pullerDelayS: 1, blockIndexing: true, fsWatcherDelayS: 0.5 };
    api.on('/rest/config/defaults/folder', { json: folder });
    expect(await client.defaultsFolder()).toEqual(folder);
  });
});
