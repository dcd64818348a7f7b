import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { doneFolder } from '../../src/core/states.ts';
import { idInName } from '../../src/core/task-id.ts';
import { agents } from '../../src/mcp/status/agents.ts';
import { claims } from '../../src/mcp/status/claims.ts';
import { conflicts } from '../../src/mcp/status/conflicts.ts';
import { queue } from '../../src/mcp/status/queue.ts';
import type { StatusDeps } from '../../src/mcp/status/status-deps.ts';
import { sync } from '../../src/mcp/status/sync.ts';
import { task } from '../../src/mcp/status/task.ts';
import { listTasks } from '../../src/mcp/list-tasks.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Health } from '../../src/runtime/health.ts';
import { Syncthing } from '../../src/sync/syncthing-client.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { mailNote, openReplier, type Replier } from '../helpers/replier.ts';
import { allPages, type StatusClient, statusClient } from '../helpers/status-client.ts';
import { testDir } from '../helpers/testdir.ts';

const GOLDEN = join(import.meta.dirname, '../golden/status-mcp-tools.json');
const HOUR = 3_600_000;

let replier: Replier;
let status: StatusClient;
let shiftMs: number;

beforeEach(async () => {
  replier = await openReplier();
  shiftMs = 0;
  status = await look();
});

function look(change: Partial<StatusDeps> = {}): Promise<StatusClient> {
  return statusClient({
    vault: replier.vault,
    now: () => Date.now() + shiftMs,
    timeZone: 'Europe/Berlin',
    host: 'local-agent',
    sync: { kind: 'off' },
    ...change,
  });
}

/** A mail as the watcher leaves it. */
async function mail(n: number, change: Record<string, string> = {}): Promise<string> {
  const { name, source } = mailNote({ message_id: `<m${n}@example.org>`, ...change });
  await replier.put(`Needs_Action/email/${name}`, source);
  return name;
}

async function row(folder: string, from = status) {
  const { states } = await from.ask(queue);
  return states.find((state) => state.folder === folder)!;
}

describe('the tools of status-mcp', () => {
  it('are exactly these, described exactly so', async () => {
    const { tools } = await status.client.listTools();
    expect(tools).toEqual(JSON.parse(await readFile(GOLDEN, 'utf8')));
  });

  it('only read, and take ids, numbers and names of folders', async () => {
    const { tools } = await status.client.listTools();
    expect(tools.filter((tool) => tool.annotations?.readOnlyHint !== true)).toEqual([]);
    const inputs = new Set(tools.flatMap((tool) => Object.keys(tool.inputSchema.properties ?? {})));
    expect([...inputs].sort()).toEqual(['agent', 'cursor', 'days', 'folder', 'limit', 'task_id']);
    expect(tools.every((tool) => tool.inputSchema['additionalProperties'] === false)).toBe(true);
    expect(tools.every((tool) => tool.outputSchema !== undefined)).toBe(true);
  });

  it.each([
    ['task', { task_id: '../../etc/passwd' }],
    ['task', { task_id: 'em-0123456789abcdef', days: 100_000 }],
    ['task', { task_id: 'em-0123456789abcdef', cursor: '-1' }],
    ['list_tasks', { folder: 'Logs/local-agent' }],
    ['list_tasks', { limit: 1000 }],
    ['claims', { agent: 'user' }],
    ['queue', { path: '/' }],
  ])('refuse what is not asked for: %s %o', async (name, args) => {
    const answer = await status.client.callTool({ name, arguments: args });
    expect(answer.isError).toBe(true);
    expect(JSON.stringify(answer.content)).toContain('Input validation error');
  });

  it('leave every file of the vault as it was', async () => {
    await mail(1);
    await replier.pass();
    await mail(2);
    const before = await fingerprint(replier.root);
    const { tools } = await status.client.listTools();
    for (const { name } of tools) {
      const args = name === 'task' ? { task_id: 'em-0123456789abcdef' } : {};
      expect((await status.client.callTool({ name, arguments: args })).isError).not.toBe(true);
    }
    expect(await fingerprint(replier.root)).toEqual(before);
    expect(status.errors).toEqual([]);
  });
});

describe('the queue', () => {
  it('counts what the stages made of the mail, by state and age', async () => {
    for (let n = 1; n <= 3; n++) await mail(n);
    expect(await row('Needs_Action/email')).toMatchObject({ total: 3, by_age: [3, 0, 0, 0, 0, 0] });
    await replier.pass();
    await mail(4);
    expect(await row('Needs_Action/email')).toMatchObject({ total: 1, complete: true });
    expect(await row('Pending_Approval/email')).toMatchObject({ total: 3, by_age: [3, 0, 0, 0, 0, 0] });
    shiftMs = 26 * HOUR;
    const [name] = await replier.names('Pending_Approval/email');
    const came = (await replier.vault.stat({ folder: 'Pending_Approval/email', name: name! }))!.ctimeMs;
    const aged = await row('Pending_Approval/email');
    expect(aged.by_age).toEqual([0, 0, 0, 3, 0, 0]);
    expect(Date.parse(aged.oldest!)).toBeLessThanOrEqual(came + 1);
    expect((await status.ask(queue)).columns).toEqual(['1h', '8h', '1d', '3d', '7d', '7d+']);
  });

  it('counts of Done the current month, by the time zone of the vault', async () => {
    shiftMs = Date.parse('2026-11-30T23:30:00Z') - Date.now();
    await replier.vault.create({ folder: doneFolder('2026-11'), name: 'a em-0000000000000001.md' }, 'x');
    await replier.vault.create({ folder: doneFolder('2026-12'), name: 'b em-0000000000000002.md' }, 'x');
    await replier.vault.create({ folder: doneFolder('2026-12'), name: 'c em-0000000000000003.md' }, 'x');
    const { states } = await status.ask(queue);
    const done = states.filter(({ folder }) => folder.startsWith('Done'));
    expect(done).toMatchObject([{ folder: 'Done/2026-12', total: 2, by_age: null }]);
  });

  it('stops counting at a limit and says so', async () => {
    const dir = join(replier.root, 'Skipped');
    for (let n = 0; n < 10_050; n++) await writeFile(join(dir, `${n}.md`), '');
    const { total, complete } = await row('Skipped');
    expect(complete).toBe(false);
    expect(total).toBeGreaterThan(9_990);
    expect(total).toBeLessThanOrEqual(10_000);
  });

  it('takes no conflict copy, hidden file or folder for a task', async () => {
    const dir = join(replier.root, 'Pending_Approval/email');
    await writeFile(join(dir, '.hidden.md'), '');
    await writeFile(join(dir, 'a.sync-conflict-20261120-101010-ABCDEFG.md'), '');
    await mkdir(join(dir, 'folder.md'));
    await symlink('/etc/passwd', join(dir, 'link em-0000000000000001.md'));
    expect(await row('Pending_Approval/email')).toMatchObject({ total: 0, oldest: null });
  });

  it('says what it cannot read and goes on with the rest', async () => {
    await mail(1);
    await rename(join(replier.root, 'Rejected'), join(replier.root, 'elsewhere'));
    await symlink('elsewhere', join(replier.root, 'Rejected'));
    expect(await row('Rejected')).toMatchObject({ total: null, fault: 'folder-is-link' });
    expect(await row('Needs_Action/email')).toMatchObject({ total: 1, fault: null });
  });

  it('knows nothing of Approved on the cloud, and says so instead of zero', async () => {
    await mail(1);
    const access = { kind: 'no-key' } as const;
    const cloud = await look({ host: 'cloud-agent', sync: access });
    expect(await row('Approved', cloud)).toMatchObject({ here: false, total: null, complete: false });
    const laptop = await look({ host: 'local-agent', sync: access });
    expect(await row('Approved', laptop)).toMatchObject({ here: true, total: 0 });
    const oneMachine = await look({ host: 'cloud-agent' });
    expect(await row('Approved', oneMachine)).toMatchObject({ here: true, total: 0 });
  });

  it('sees the pause', async () => {
    expect((await status.ask(queue)).paused).toBe(false);
    await writeFile(join(replier.root, 'PAUSE.md'), '');
    expect((await status.ask(queue)).paused).toBe(true);
  });
});

describe('the tasks', () => {
  it('come page by page, each once', async () => {
    for (let n = 1; n <= 5; n++) await mail(n);
    await replier.pass();
    for (let n = 6; n <= 8; n++) await mail(n);
    const pages = await allPages((cursor) => status.ask(listTasks, { limit: 3, ...cursor }));
    const seen = pages.flatMap((page) => page.tasks.map((one) => `${one.folder} ${one.task_id}`));
    expect(new Set(seen).size).toBe(8);
    expect(seen.filter((one) => one.startsWith('Pending_Approval/email'))).toHaveLength(5);
  });

  it('carry the words of strangers as harmless text', async () => {
    await mail(1, { title: '![[secret]] <%* run %> \u202egpj.exe `x` #tag' });
    const { tasks } = await status.ask(listTasks);
    const { title } = tasks[0]!;
    expect(title).toContain('[U+202E]');
    for (const hostile of ['[[', '<%', '\u202e', '`', ' #tag']) expect(title).not.toContain(hostile);
  });
});

describe('the claims', () => {
  it('are what lies with an agent, with the owner who may be gone', async () => {
    const name = await mail(1);
    await replier.killAt('replier:claimed');
    const before = Date.now();
    const fresh = await status.ask(claims);
    expect(fresh.claims).toMatchObject([
      { task_id: idInName(name), agent: 'cloud-agent', noted_at: null, worth_a_look: false },
    ]);
    expect(Date.parse(fresh.claims[0]!.since)).toBeLessThanOrEqual(before);
    expect(fresh.owners).toContainEqual({ agent: 'cloud-agent', worker: { presence: 'never' } });
    shiftMs = HOUR;
    expect((await status.ask(claims)).claims).toMatchObject([{ worth_a_look: true }]);
    expect((await status.ask(claims, { agent: 'local-agent' })).claims).toEqual([]);
  });

  it('say when their owner noted them, as the owner says it', async () => {
    await mail(1);
    await replier.killAt('replier:draft-written');
    const { claims: held } = await status.ask(claims);
    expect(held[0]!.noted_at).toMatch(/^\d{4}-\d{2}-\d{2}T/);
  });
});

describe('the agents', () => {
  const seenOf = async (process: string) => {
    const { processes } = await status.ask(agents);
    return processes.filter((one) => one.process === process).map((one) => one.seen);
  };
  const beat = (process: string, value: unknown) =>
    writeFile(join(replier.root, `Updates/cloud-agent/${process}.json`), JSON.stringify(value));

  it('are as alive as their heartbeats', async () => {
    expect(await seenOf('draft-replier')).toEqual([{ presence: 'never' }]);
    const health = new Health({
      vault: replier.vault,
      agent: 'cloud-agent',
      process: 'draft-replier',
      clock: systemClock,
      onError: (error) => {
        throw error;
      },
    });
    health.set('degraded', 'the model is away');
    await health.stop();
    expect(await seenOf('draft-replier')).toMatchObject([{ presence: 'stopped' }]);
    await beat('draft-replier', { process: 'draft-replier', at: new Date().toISOString(), state: 'ok' });
    expect(await seenOf('draft-replier')).toEqual([{ presence: 'alive', state: 'ok' }]);
    shiftMs = HOUR;
    expect(await seenOf('draft-replier')).toMatchObject([{ presence: 'silent' }]);
  });

  it('are believed nothing that their files cannot mean', async () => {
    const at = new Date().toISOString();
    const hostile: unknown[] = [
      'no object',
      { process: 'orchestrator', at, state: 'ok' },
      { process: 'draft-replier', at: 'soon', state: 'ok' },
      { process: 'draft-replier', at, state: 'ok', reason: 'x'.repeat(5000) },
    ];
    for (const value of hostile) {
      await beat('draft-replier', value);
      expect(await seenOf('draft-replier')).toEqual([{ presence: 'never' }]);
    }
    const ahead = new Date(Date.now() + 24 * HOUR).toISOString();
    await beat('draft-replier', { process: 'draft-replier', at: ahead, state: 'ok' });
    expect(await seenOf('draft-replier')).toEqual([{ presence: 'clock-ahead' }]);
    await beat('draft-replier', {
      process: 'draft-replier',
      at,
      state: 'paused',
      reason: '[[x]] \u200bhidden',
    });
    expect(await seenOf('draft-replier')).toMatchObject([{ reason: '[ [x] ] [U+200B]hidden' }]);
    await rm(join(replier.root, 'Updates/cloud-agent'), { recursive: true });
    await symlink('/etc', join(replier.root, 'Updates/cloud-agent'));
    expect(await seenOf('draft-replier')).toEqual([{ presence: 'never' }]);
  });

  it('that may be switched off are marked so, on both machines', async () => {
    const { processes } = await status.ask(agents);
    const optional = processes.filter((one) => one.optional);
    expect(optional.map(({ agent, process }) => `${agent}/${process}`)).toEqual([
      'cloud-agent/odoo-mcp',
      'cloud-agent/status-mcp',
      'cloud-agent/health-monitor',
      'local-agent/status-mcp',
      'local-agent/health-monitor',
    ]);
  });
});

describe('the conflicts', () => {
  it('are the versions that lost, newest first, page by page', async () => {
    const first = await mail(1);
    await replier.vault.setAside({ folder: 'Needs_Action/email', name: first });
    const second = await mail(2);
    const copy = second.replace('.md', '.sync-conflict-20261120-101010-ABCDEFG.md');
    await replier.put(`Needs_Action/email/${copy}`, 'x');
    await mail(1);
    await replier.vault.setAside({ folder: 'Needs_Action/email', name: first });
    const all = await status.ask(conflicts);
    expect(all.conflicts.map(({ kind, settled, task_id }) => [kind, settled, task_id])).toEqual([
      ['withdrawn', true, idInName(first)],
      ['conflict_copy', false, idInName(second)],
      ['withdrawn', true, idInName(first)],
    ]);
    const pages = await allPages((cursor) => status.ask(conflicts, { limit: 1, ...cursor }));
    expect(pages.flatMap((page) => page.conflicts)).toEqual(all.conflicts);
  });

  it('are none where none are', async () => {
    expect(await status.ask(conflicts)).toEqual({ conflicts: [], complete: true, next: null });
  });
});

describe('the life of a task', () => {
  it('is where it lies, what its note says, and what the agents wrote of it', async () => {
    const name = await mail(1);
    const id = idInName(name)!;
    const audit = await openAudit('cloud-agent', 'draft-replier');
    await replier.pass({ audit: (line) => audit.append(line) });
    const life = await status.ask(task, { task_id: id });
    expect(life).toMatchObject({
      found: true,
      places: [{ folder: 'Pending_Approval/email', name, fault: null }],
      not_searched: [],
      history_complete: true,
      next: null,
    });
    expect(life.places[0]!.properties['id']).toBe(id);
    expect(life.places[0]!.properties['reply_to']).toContain('anna@');
    expect(life.history.map(({ actor, action }) => `${actor} ${action}`)).toContain(
      'cloud-agent/draft-replier draft.offered',
    );
  });

  it('is found when it is over, in two places, and nowhere', async () => {
    const name = await mail(1);
    const id = idInName(name)!;
    const month = doneFolder(new Date().toISOString());
    await replier.vault.create({ folder: month, name }, 'no front matter');
    const { places } = await status.ask(task, { task_id: id });
    expect(places.map(({ folder, fault }) => [folder, fault])).toEqual([
      ['Needs_Action/email', null],
      [month, 'no-front-matter'],
    ]);
    expect(await status.ask(task, { task_id: 'em-ffffffffffffffff' })).toMatchObject({
      found: false,
      places: [],
      history: [],
    });
  });

  it('is told page by page', async () => {
    const id = 'em-0123456789abcdef';
    const audit = await openAudit('local-agent', 'approval-handler');
    for (let n = 0; n < 7; n++) await audit.append({ action: `task.step${n}`, task: id, result: 'ok' });
    const pages = await allPages((cursor) => status.ask(task, { task_id: id, limit: 3, ...cursor }));
    const seen = pages.flatMap((page) => page.history.map(({ action }) => action));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `task.step${n}`));
  });

  it('reads no log of before the days that were asked for, nor one that somebody flooded', async () => {
    const id = 'em-0123456789abcdef';
    const audit = await openAudit('cloud-agent', 'draft-replier');
    await audit.append({ action: 'task.seen', task: id, result: 'ok' });
    const logs = join(replier.root, 'Logs/cloud-agent');
    const [today] = (await readdir(logs)).filter((one) => one.endsWith('.jsonl'));
    await rename(join(logs, today!), join(logs, '2020-01-01.draft-replier.jsonl'));
    expect(await status.ask(task, { task_id: id })).toMatchObject({ found: false, history_complete: true });
    const flood = join(logs, today!.replace('draft-replier', 'forged'));
    await writeFile(flood, '');
    await truncate(flood, 10 * 1024 ** 3);
    expect(await status.ask(task, { task_id: id })).toMatchObject({ history_complete: false });
  });

  it('goes through no link, and says what it could not look at', async () => {
    const outside = await testDir({ 'Logs/x': '', 'done/2026-11/x': '' });
    for (const folder of ['Logs/cloud-agent', 'Skipped']) {
      await rm(join(replier.root, folder), { recursive: true });
      await symlink(outside, join(replier.root, folder));
    }
    expect(await status.ask(task, { task_id: 'em-0123456789abcdef' })).toMatchObject({
      found: false,
      not_searched: ['Skipped'],
      history_complete: false,
    });
  });
});

describe('the sync', () => {
  it('is off on one machine, and nothing is invented', async () => {
    expect(await status.ask(sync)).toEqual({
      sync: 'off',
      words: 'SYNC=none: everything runs on this one machine, nothing is synchronised',
      syncthing: null,
      folder: null,
      devices: [],
      last_change: null,
    });
  });

  it('is unknown without the key, and when Syncthing is not there', async () => {
    const noKey = await look({ sync: { kind: 'no-key' } });
    expect(await noKey.ask(sync)).toMatchObject({ sync: 'unknown', folder: null, devices: [] });
    expect((await noKey.ask(sync)).words).toContain('SYNCTHING_API_KEY');
    const client = new Syncthing({ url: `http://127.0.0.1:${await freePort()}`, apiKey: 'k' });
    const gone = await look({ sync: { kind: 'api', client, folder: 'handover', peer: null, trusted: [] } });
    expect((await gone.ask(sync)).words).toContain('is it running?');
    client.close();
  });
});

async function openAudit(agent: 'cloud-agent' | 'local-agent', process: string): Promise<AuditLog> {
  return AuditLog.open({ dir: await replier.vault.logFolder(agent), process, now: () => Date.now() });
}

/** Path, time and content of everything below. */
async function fingerprint(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mtimeMs, ctimeMs } = await stat(path);
      const content = entry.isFile() ? await readFile(path) : '';
      return `${path} ${mtimeMs} ${ctimeMs} ${createHash('sha256').update(content).digest('hex')}`;
    }),
  ).then((all) => all.sort());
}
