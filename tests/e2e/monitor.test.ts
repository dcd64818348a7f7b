/**
 * Killed, stopped and starved: every process of one machine that is both, under a real PM2. Noticed within a minute,
 * started again, told. It waits most of the time, and what is starved is starved without using the processor.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MONITOR } from '../../src/core/alive.ts';
import { readHappenings } from '../../src/runtime/happenings.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { until } from '../helpers/until.ts';
import { type Host, startHost } from './host.ts';
import { ROOT } from './root.ts';

const PROCESSES = [
  'cloud-email-watcher',
  'draft-replier',
  'approval-handler',
  'orchestrator',
  'status-mcp',
] as const;
const NOTICED_MS = 60_000;
/** From then until it says ready: a machine with much to do is slow to start one. */
const STARTED_MS = 30_000;

let host: Host;
let topic: Server;
const notices: { title: string; text: string }[] = [];

beforeAll(async () => {
  topic = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += String(chunk)));
    request.on('end', () => {
      notices.push({ title: String(request.headers['title']), text });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => topic.listen(0, '127.0.0.1', resolve));
  host = await startHost(
    {
      STATUS_MCP_PORT: String(await freePort()),
      STATUS_MCP_TOKEN: 'status-only-4b1e02',
      NOTIFY: 'ntfy',
      NOTIFY_ON: 'failure',
      NTFY_URL: `http://127.0.0.1:${(topic.address() as AddressInfo).port}/a-topic`,
    },
    // Whoever gets SIGUSR2 turns no more, and is not stopped: to the system it runs.
    { NODE_OPTIONS: `--require=${join(ROOT, 'tests/helpers/starve-on-signal.cjs')}` },
  );
  await host.startAll();
});
afterAll(async () => {
  await host.stop();
  await new Promise((resolve) => topic.close(resolve));
});

async function pids(): Promise<ReadonlyMap<string, number>> {
  return new Map((await host.pm2.list()).map(({ name, pid }) => [name, pid]));
}

/** Strikes them all; resolves when each runs again under another number. */
async function strike(names: readonly string[], signal: 'SIGKILL' | 'SIGSTOP' | 'SIGUSR2'): Promise<void> {
  const before = await pids();
  for (const name of names) process.kill(before.get(name)!, signal);
  await until(
    `${names.join(', ')} run again`,
    async () => {
      const now = await pids();
      return names.every((name) => (now.get(name) ?? 0) > 0 && now.get(name) !== before.get(name));
    },
    NOTICED_MS + STARTED_MS,
  );
}

const happened = async (what: string): Promise<readonly string[]> =>
  (await readHappenings(host.stateDir, Date.now()))
    .filter((one) => one.what === what && one.done === 'restarted')
    .map(({ process: name }) => name);

async function told(names: readonly string[], what: 'hung' | 'fell', times = 1): Promise<void> {
  await until(`${what}: ${names.join(', ')}`, async () => {
    const list = await happened(what);
    return names.every((name) => list.filter((one) => one === name).length >= times);
  });
}

/** Each of them has given a sign of life of its own. */
async function settled(): Promise<void> {
  await until('every process says that it lives', async () => {
    const now = await pids();
    const marks = await Promise.all(
      [...PROCESSES, MONITOR].map(async (name) => {
        const text = await readFile(join(host.stateDir, 'alive', `${name}.json`), 'utf8').catch(() => '{}');
        return (JSON.parse(text) as { pid?: number }).pid === now.get(name);
      }),
    );
    return marks.every(Boolean);
  });
}

describe('the health monitor', () => {
  it('tells of every process that was killed, and PM2 has started it again', {
    timeout: 90_000,
  }, async () => {
    await settled();
    await strike([...PROCESSES, MONITOR], 'SIGKILL');
    await told([...PROCESSES, MONITOR], 'fell');
    await settled();
  });

  it('starts again whoever was stopped, and itself when it was', { timeout: 200_000 }, async () => {
    await strike(PROCESSES, 'SIGSTOP');
    await told(PROCESSES, 'hung');
    await settled();
    await strike([MONITOR], 'SIGSTOP');
    await told([MONITOR], 'hung');
    await settled();
  });

  it('starts again whoever is starved', { timeout: 100_000 }, async () => {
    await strike(PROCESSES, 'SIGUSR2');
    await told(PROCESSES, 'hung', 2);
    await settled();
  });

  it('says so on its page, in the log, and by a notice without a word of a stranger', async () => {
    const beat = await until('the heartbeat tells', async () => {
      const text = await readFile(join(host.vaultDir, `Updates/local-agent/${MONITOR}.json`), 'utf8').catch(
        () => '{}',
      );
      const { reason = '' } = JSON.parse(text) as { reason?: string };
      return / hung and was started again at \d\d:\d\d$/.exec(reason)?.[0];
    });
    expect(beat).toBeTruthy();
    const day = new Date().toISOString().slice(0, 10);
    const log = await readFile(join(host.vaultDir, `Logs/local-agent/${day}.${MONITOR}.jsonl`), 'utf8');
    expect(log).toContain('"action":"process.hung"');
    for (const name of PROCESSES) expect(log).toContain(`"target":"${name}"`);
    await until('a notice came', () => notices.length > 0);
    expect(notices[0]!.title).toBe('Handover needs a look');
    for (const { text } of notices) {
      for (const line of text.split('\n')) {
        expect(line).toMatch(
          /^([a-z-]+ (ended by itself|hung|was gone) and was started again|and \d+ more|.+ is (paused|degraded); the dashboard says why)$/,
        );
      }
    }
  });
});
