import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createVault } from '../../src/cli/create-vault.ts';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { takeLock } from '../../src/runtime/lock.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { DraftingMarks } from '../../src/stages/drafting-marks.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';

const root = join(import.meta.dirname, '../..');
const TSX = join(root, 'node_modules/tsx/dist/esm/index.mjs');
const ID = taskIdFromMessage('user@example.org', '<1@example.com>');
const OTHER_ID = taskIdFromMessage('user@example.org', '<2@example.com>');
const NAME = `Anna - Offer ${ID}.md`;
const COPY = `Anna - Offer ${ID}.sync-conflict-20261120-093100-ABCDEFG.md`;
const note = (id: string, more = ''): string =>
  `---\nid: ${id}\ntitle: Offer\n${more}---\n## Reply\n\nYes.\n`;
const DRAFTED = 'drafted_at: 2026-11-20T09:00:00\n';

interface Finding {
  readonly code: string;
  readonly path: string;
  readonly words: string;
  readonly cure: string;
  readonly fixable: boolean;
}

interface Answer {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<string, number>>;
  readonly fixed?: readonly { path: string; words: string }[];
  readonly left?: readonly { path: string; words: string }[];
  readonly notChecked: readonly string[];
}

async function host(settings: Readonly<Record<string, string>> = {}) {
  const dir = await testDir();
  const [vaultDir, stateDir] = [join(dir, 'vault'), join(dir, 'state')];
  await createVault({ templateDir: join(root, 'vault-template'), vaultDir, stateDir });
  const run = async (...args: string[]) => {
    const result = await execa(
      process.execPath,
      ['--import', TSX, join(root, 'src/cli/handover.ts'), 'vault', 'check', ...args],
      { cwd: dir, env: { VAULT_DIR: vaultDir, STATE_DIR: stateDir, ...settings }, reject: false },
    );
    return { exit: result.exitCode, out: result.stdout, err: result.stderr };
  };
  const check = async (...args: string[]) => {
    const { exit, out } = await run(...args, '--json');
    return { exit, answer: JSON.parse(out) as Answer };
  };
  const put = async (path: string, text = ''): Promise<void> => {
    await mkdir(dirname(join(vaultDir, path)), { recursive: true });
    await writeFile(join(vaultDir, path), text);
  };
  const findings = async (): Promise<string[]> =>
    (await check()).answer.findings.map(({ code, path }) => `${code} ${path}`).sort();
  await (await Vault.open(vaultDir)).ensureFolders();
  /** From now on this STATE_DIR is the laptop's. */
  const laptop = () => mkdir(join(stateDir, 'active'), { recursive: true });
  return { dir, vaultDir, stateDir, run, check, put, findings, laptop };
}

describe('handover vault check', () => {
  it('finds nothing in a new vault, and says what it could not know', async () => {
    const { check, run } = await host();
    const { exit, answer } = await check();
    expect(answer).toMatchObject({ ok: true, findings: [], counts: {} });
    expect(exit).toBe(0);
    expect(answer.notChecked).toHaveLength(1);
    expect((await run()).out).toContain('nothing found');
  });

  it('finds one task with both agents, and one in two states', async () => {
    const { put, findings } = await host();
    await put(`In_Progress/cloud-agent/${NAME}`, note(ID));
    await put(`In_Progress/local-agent/${NAME}`, note(ID));
    await put(`Needs_Action/email/B ${OTHER_ID}.md`, note(OTHER_ID));
    await put(`Done/2026-10/Another name ${OTHER_ID}.md`, note(OTHER_ID));
    expect(await findings()).toEqual([
      `claimed-twice In_Progress/cloud-agent/${NAME}`,
      `two-places Needs_Action/email/B ${OTHER_ID}.md`,
    ]);
  });

  it('knows a task by its property where the user renamed the note', async () => {
    const { put, findings } = await host();
    await put('Pending_Approval/email/Renamed.md', note(ID));
    await put(`Approved/${NAME}`, note(ID));
    expect(await findings()).toEqual(['two-places Pending_Approval/email/Renamed.md']);
  });

  it('finds names, ids and properties that do not fit together', async () => {
    const { put, findings } = await host();
    await put(`Pending_Approval/email/${NAME}`, note(OTHER_ID));
    await put('Approved/No id at all.md', '---\ntitle: x\n---\n');
    await put('Needs_Action/email/A thought of mine.md', 'please write to Anna');
    await put(`Needs_Action/email/Broken ${OTHER_ID}.md`, '---\na: [1\n---\n');
    await put('Quarantine/Broken.md', '---\na: [1\n---\n');
    await put(`Rejected/Huge em-00000000000000aa.md`, 'x'.repeat(1_048_577));
    expect(await findings()).toEqual([
      `id-mismatch Pending_Approval/email/${NAME}`,
      'no-id Approved/No id at all.md',
      'too-large Rejected/Huge em-00000000000000aa.md',
      `unreadable-note Needs_Action/email/Broken ${OTHER_ID}.md`,
    ]);
  });

  it('finds strays, foreign files and odd names, and shows no character that steers a terminal', async () => {
    const { put, findings, run } = await host();
    await put('Needs_Action/email/photo.jpg');
    await put('Needs_Action/beside.md');
    await put('In_Progress/other-agent/x.md');
    await put(`Approved/folder/${NAME}`, note(ID));
    await put('Updates/cloud-agent/draft-replier.json', '{}');
    await put('Updates/cloud-agent/approval-handler.json', '{}');
    await put('Logs/local-agent/2026-11-20.orchestrator.jsonl');
    await put('Logs/local-agent/2026-11-20.draft-replier.jsonl');
    await put(`In_Progress/cloud-agent/${NAME}`, note(ID, 'claimed_by: local-agent\n'));
    await put('Needs_Action/email/a\u001b[2J\nb\u202e.md', 'x');
    expect(await findings()).toEqual([
      `foreign-file In_Progress/cloud-agent/${NAME}`,
      'foreign-file Logs/local-agent/2026-11-20.draft-replier.jsonl',
      'foreign-file Updates/cloud-agent/approval-handler.json',
      'odd-name Needs_Action/email/a[U+001B][2J[U+000A]b[U+202E].md',
      'stray Approved/folder',
      'stray In_Progress/other-agent',
      'stray Needs_Action/beside.md',
      'stray Needs_Action/email/photo.jpg',
    ]);
    expect((await run()).out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('finds links, second names, sockets, replaced and missing folders and look-alikes, and follows nothing', async () => {
    const { put, vaultDir, findings } = await host();
    const outside = await testDir({ [NAME]: note(ID), '.env': 'X=1' });
    await symlink(join(outside, NAME), join(vaultDir, 'Pending_Approval/email', NAME));
    await rm(join(vaultDir, 'Done'), { recursive: true });
    await symlink(outside, join(vaultDir, 'Done'));
    await rm(join(vaultDir, 'Logs/cloud-agent'), { recursive: true });
    await rm(join(vaultDir, 'Conflicts'), { recursive: true });
    await put('Conflicts', 'a file');
    await rm(join(vaultDir, 'Approved/.keep'));
    await put('Contacts/Anna.md', 'x');
    await link(join(vaultDir, 'Contacts/Anna.md'), join(outside, 'second.md'));
    const socket = createServer().listen(join(vaultDir, 'Approved/socket.md'));
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    await mkdir(join(vaultDir, 'approved'));
    expect(await findings()).toEqual([
      'folder-missing Logs/cloud-agent',
      'folder-replaced Conflicts',
      'folder-replaced Done',
      'guard-missing Approved/.keep',
      'hard-link Contacts/Anna.md',
      `link Pending_Approval/email/${NAME}`,
      'look-alike approved',
      'special-file Approved/socket.md',
    ]);
  });

  it('finds secrets by name and by content and never prints one', async () => {
    const { put, run, findings } = await host();
    const [begin, secret] = ['-----BEGIN ', 'MIIEvQIBADANBg'];
    await put('.env', `SMTP_PASSWORD=${secret}\n`);
    await put('Contacts/keys/server.pem', secret);
    await put('Contacts/ssh.txt', `${begin}OPENSSH PRIVATE KEY-----\n${secret}\n`);
    await put('Company_Handbook.md', `Our key is AKIAABCDEFGHIJKLMNOP\n`);
    await put(`Needs_Action/email/${NAME}`, `${note(ID)}\n## Original\n> ${begin}PRIVATE KEY-----\n`);
    expect(await findings()).toEqual([
      'secret-content Company_Handbook.md',
      'secret-content Contacts/ssh.txt',
      'secret-name .env',
      'secret-name Contacts/keys/server.pem',
    ]);
    const { out } = await run();
    expect(out).not.toContain(secret);
    expect(out).not.toContain('ABCDEFGHIJKLMNOP');
  });

  it('finds what was left over, but not what is being written now', async () => {
    const { put, vaultDir, findings } = await host();
    const old = new Date(Date.now() - 40 * 3_600_000);
    for (const path of ['.handover-1-aa.tmp', 'Done/2026-11/.syncthing.x.md.tmp']) {
      await put(path);
      await utimes(join(vaultDir, path), old, old);
    }
    await put('Done/2026-11/.handover-2-bb.tmp');
    expect(await findings()).toEqual([
      'staging-left .handover-1-aa.tmp',
      'sync-temp-left Done/2026-11/.syncthing.x.md.tmp',
    ]);
  });

  it('holds the ignore list against the one this device should have, where Syncthing is used', async () => {
    const { put, check } = await host({ SYNC: 'syncthing', SMTP_HOST: 'mail.example.org' });
    const codes = async () => (await check()).answer.counts;
    expect(await codes()).toEqual({ 'ignores-missing': 1 });
    const source = await readFile(join(root, '.gitignore-sync'), 'utf8');
    await put('.stignore', source);
    expect(await codes()).toEqual({});
    await put('.stignore', source.replace('(?i)/Approved\n', ''));
    expect((await check()).answer.findings.some(({ words }) => words.includes('could read Approved'))).toBe(
      true,
    );
    await put('.stignore', `!/Approved/x\n${source}`);
    expect((await codes())['ignores-wrong']).toBeGreaterThan(0);
  });

  it('works on a bare copy of a vault, with nothing configured but VAULT_DIR', async () => {
    const { vaultDir, dir } = await host();
    const copy = join(dir, 'copy');
    execFileSync('cp', ['-a', vaultDir, copy]);
    await rm(join(copy, 'Rejected'), { recursive: true });
    const result = await execa(
      process.execPath,
      ['--import', TSX, join(root, 'src/cli/handover.ts'), 'vault', 'check', '--json'],
      { cwd: dir, env: { VAULT_DIR: copy }, reject: false },
    );
    expect(result.exitCode).toBe(1);
    expect((JSON.parse(result.stdout) as Answer).counts).toEqual({ 'folder-missing': 1 });
  });

  it('says by its exit code that the line or the configuration is wrong', async () => {
    const { run, vaultDir } = await host();
    expect((await run('--frobnicate')).exit).toBe(2);
    await rename(vaultDir, `${vaultDir}-gone`);
    expect((await run()).exit).toBe(78);
  });
});

describe('with the STATE_DIR of the laptop', () => {
  it('finds claims that are none of ours and things that were never done', async () => {
    const { put, laptop, findings, stateDir } = await host();
    await laptop();
    const [active, marks] = [new ActiveEffects(stateDir), new DraftingMarks(stateDir)];
    const forged = 'Forged em-00000000000000ff.md';
    const drafting = `Drafting ${OTHER_ID}.md`;
    await put(`In_Progress/local-agent/${NAME}`, note(ID));
    await active.add(ID, note(ID));
    await put(`In_Progress/local-agent/${drafting}`, note(OTHER_ID));
    await marks.add(drafting);
    await put(`In_Progress/local-agent/${forged}`, note('em-00000000000000ff'));
    await put(`Done/2026-11/Said em-00000000000000fe.md`, note('em-00000000000000fe', 'outcome: sent\n'));
    expect(await findings()).toEqual([
      'done-unproven Done/2026-11/Said em-00000000000000fe.md',
      `unclaimed In_Progress/local-agent/${forged}`,
    ]);
  });
});

describe('handover vault check --fix', () => {
  it('makes folders and guards again and removes what a crash left, whatever machine it is', async () => {
    const { put, check, vaultDir } = await host();
    await rm(join(vaultDir, 'Needs_Action'), { recursive: true });
    await rm(join(vaultDir, 'Approved/.keep'));
    await put('Done/2026-11/.handover-1-aa.tmp', 'half');
    const old = new Date(Date.now() - 40 * 3_600_000);
    await utimes(join(vaultDir, 'Done/2026-11/.handover-1-aa.tmp'), old, old);
    const { exit, answer } = await check('--fix');
    expect(answer.fixed?.map(({ path }) => path).sort()).toEqual([
      'Approved/.keep',
      'Done/2026-11/.handover-1-aa.tmp',
      'Needs_Action/email',
      'Needs_Action/odoo',
    ]);
    expect(answer).toMatchObject({ ok: true, left: [] });
    expect(exit).toBe(0);
  });

  it('settles doubles and conflict copies as the orchestrator does, and keeps every version', async () => {
    const { put, laptop, check, vaultDir } = await host();
    await laptop();
    await put(`Needs_Action/email/${NAME}`, note(ID));
    await put(`Pending_Approval/email/${NAME}`, note(ID, DRAFTED));
    await put(`Pending_Approval/email/${COPY}`, note(ID, `${DRAFTED}rev: 9\n`));
    await put('Needs_Action/email/Mine.sync-conflict-20261120-093100-ABCDEFG.md', 'what I wrote');
    const { exit, answer } = await check('--fix');
    expect(answer.findings).toEqual([]);
    expect(exit).toBe(0);
    const at = (path: string) => readFile(join(vaultDir, path), 'utf8');
    expect(await at(`Pending_Approval/email/${NAME}`)).toBe(note(ID, DRAFTED));
    expect(await at(`Conflicts/${NAME}`)).toBe(note(ID));
    expect(await at(`Conflicts/${COPY}`)).toBe(note(ID, `${DRAFTED}rev: 9\n`));
    expect(await at('Conflicts/Mine.sync-conflict-20261120-093100-ABCDEFG.md')).toBe('what I wrote');
  });

  it('gives the conflict copy of a draft that is gone the name of the draft', async () => {
    const { put, laptop, check, vaultDir } = await host();
    await laptop();
    await put(`Pending_Approval/email/${COPY}`, note(ID, DRAFTED));
    expect((await check('--fix')).answer.findings).toEqual([]);
    expect(await readFile(join(vaultDir, `Pending_Approval/email/${NAME}`), 'utf8')).toBe(note(ID, DRAFTED));
  });

  it('promises nothing where something else has that name', async () => {
    const { put, laptop, check, vaultDir } = await host();
    await laptop();
    await put(`Pending_Approval/email/${COPY}`, note(ID, DRAFTED));
    await mkdir(join(vaultDir, 'Pending_Approval/email', NAME));
    const { answer } = await check('--fix');
    expect(answer).toMatchObject({ fixed: [], left: [] });
    expect(answer.findings.map(({ code, fixable }) => [code, fixable])).toEqual([
      ['stray', false],
      ['conflict-copy', false],
    ]);
  });

  it("leaves another agent's claim, and what is done, where it is", async () => {
    const { put, laptop, check, stateDir } = await host();
    await laptop();
    await put(`In_Progress/cloud-agent/${NAME}`, note(ID));
    await put(`In_Progress/local-agent/${NAME}`, note(ID, DRAFTED));
    await new ActiveEffects(stateDir).add(ID, note(ID, DRAFTED));
    const { exit, answer } = await check('--fix');
    expect(answer.findings.map(({ code, fixable }) => [code, fixable])).toEqual([['claimed-twice', false]]);
    expect(answer.fixed).toEqual([]);
    expect(exit).toBe(1);
  });

  it('lets no forged note win: the card stays where the user sees it', async () => {
    const { put, laptop, check, vaultDir } = await host();
    await laptop();
    await put(`Pending_Approval/email/${NAME}`, note(ID, DRAFTED));
    await put(`Done/2026-11/${NAME}`, note(ID, `${DRAFTED}outcome: sent\n`));
    await put(`In_Progress/local-agent/${NAME}`, note(ID, DRAFTED));
    const { answer } = await check('--fix');
    expect(answer.fixed).toEqual([]);
    expect(Object.keys(answer.counts).sort()).toEqual(['done-unproven', 'two-places', 'unclaimed']);
    expect(await readFile(join(vaultDir, `Pending_Approval/email/${NAME}`), 'utf8')).toBe(note(ID, DRAFTED));
  });

  it('settles nothing where only the laptop can know', async () => {
    const { put, check } = await host();
    await put(`Needs_Action/email/${NAME}`, note(ID));
    await put(`Pending_Approval/email/${NAME}`, note(ID, DRAFTED));
    const { answer } = await check('--fix');
    expect(answer.fixed).toEqual([]);
    expect(answer.findings.map(({ code, fixable }) => [code, fixable])).toEqual([['two-places', false]]);
  });

  it('changes nothing while the orchestrator works', async () => {
    const { vaultDir, stateDir, run } = await host();
    await rm(join(vaultDir, 'Rejected'), { recursive: true });
    const lock = await takeLock(stateDir, 'orchestrator');
    const refused = await run('--fix');
    expect(refused).toMatchObject({ exit: 1 });
    expect(refused.err).toContain('orchestrator is running');
    await lock?.release();
    expect((await run('--fix')).exit).toBe(0);
  });
});
