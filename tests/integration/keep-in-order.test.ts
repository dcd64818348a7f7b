import { mkdir, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-chain.ts';
import type { TaskFolder } from '../../src/core/states.ts';
import { ConflictReasons } from '../../src/stages/conflict-reasons.ts';
import { type Kept, keeper, PATIENCE } from '../../src/stages/keep-in-order.ts';
import { OpenLedger } from '../../src/stages/open-ledger.ts';
import { oddConflictCopies } from '../../src/vault/odd-copies.ts';
import { Vault } from '../../src/vault/vault.ts';
import { newestVersions, readVersion } from '../../src/vault/versions.ts';
import { testDir } from '../helpers/testdir.ts';

/** The orchestrator's keeper on a real disk; Syncthing's part is played by renames, as keep-version.sh does. */

const ID = 'em-0123456789abcdef';
const NAME = `Anna - Offer ${ID}.md`;
const OFFERED = 'Pending_Approval/email';
const NEEDS = 'Needs_Action/email';
const card = (words = 'Yes.', more = '') =>
  `---\nid: "${ID}"\ndrafted_at: "2026-11-18T09:00:00"\n${more}---\n## Reply\n\n${words}\n`;

let dir: string;
let vault: Vault;
let now: number;
let wall: number;
let quiet: boolean;
let done: Set<string>;
let told: string[];
let audited: AuditEntry[];
let pass: (whole?: boolean) => Promise<Kept>;
let reasons: ConflictReasons;

beforeEach(async () => {
  dir = await testDir();
  await mkdir(join(dir, 'vault'));
  vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  [now, wall, quiet, told, audited, done] = [0, Date.now(), true, [], [], new Set()];
  await restart();
});

async function restart(): Promise<void> {
  reasons = await ConflictReasons.open(join(dir, 'state/conflicts.json'));
  const order = keeper({
    vault,
    reasons,
    now: () => now,
    wall: () => wall,
    audit: {
      append: (entry) => {
        audited.push(entry);
        return Promise.resolve();
      },
    },
    finished: { isDone: (id) => Promise.resolve(done.has(id)) },
    approvedHere: () => Promise.resolve(false),
    ledger: await OpenLedger.open(join(dir, 'state')),
    versions: {
      newest: (folder, names) => newestVersions(vault.root, folder, names),
      read: readVersion,
    },
    oddCopies: oddConflictCopies(vault.root),
    quiet: () => quiet,
    tell: (_code, words) => {
      told.push(words);
      return Promise.resolve();
    },
    patience: PATIENCE,
  });
  pass = (whole = false) => order.pass(whole);
}

const at = (folder: string, name = NAME) => join(vault.root, folder, name);
const put = async (folder: TaskFolder, text = card(), name = NAME) => {
  await mkdir(join(vault.root, folder), { recursive: true });
  await writeFile(at(folder, name), text);
};
const names = async (folder: string) =>
  (await readdir(join(vault.root, folder))).filter((n) => n.endsWith('.md'));

let serial = 0;
/** What the versioning of the laptop does when a peer deletes a file. */
async function deletedByPeer(folder: string): Promise<void> {
  const into = join(vault.root, '.stversions', folder);
  await mkdir(into, { recursive: true });
  const stamp = `20261120-${String(100_000 + (serial += 1))}`;
  await rename(at(folder), join(into, NAME.replace('.md', `~${stamp}.md`)));
}

async function later(ms: number): Promise<Kept> {
  now += ms;
  return pass();
}

describe('doubles', () => {
  it('are given time, then the further one stands and the other is kept with its reason', async () => {
    await put(OFFERED);
    await put(NEEDS, card('edited'));
    expect(await pass()).toMatchObject({ setAside: 0, lookAgainAt: PATIENCE.doubleMs });
    expect(await later(PATIENCE.doubleMs - 1)).toMatchObject({ setAside: 0 });
    expect(await later(1)).toMatchObject({ setAside: 1, lookAgainAt: null });
    expect(await names(NEEDS)).toEqual([]);
    expect(await readFile(at('Conflicts'), 'utf8')).toBe(card('edited'));
    expect(reasons.of(NAME)).toContain('edited while it was being drafted');
    expect(audited).toMatchObject([{ action: 'conflict.set_aside', task: ID, result: 'kept' }]);
    await restart();
    expect(reasons.of(NAME)).toContain('edited while it was being drafted');
  });

  it('that end by themselves were a move in two steps', async () => {
    await put('In_Progress/cloud-agent');
    await put(NEEDS);
    await pass();
    await unlink(at('In_Progress/cloud-agent'));
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 0 });
    expect(await names(NEEDS)).toEqual([NAME]);
  });

  it('wait anew when the note that stands goes between the look and the move', async () => {
    await put(OFFERED);
    await put(NEEDS);
    await pass();
    now += PATIENCE.doubleMs;
    const read = vault.read.bind(vault);
    vault.read = async (ref) => {
      const result = await read(ref);
      if (ref.folder === OFFERED) await rm(at(OFFERED), { force: true });
      return result;
    };
    expect(await pass()).toMatchObject({ setAside: 0 });
    expect(await names(NEEDS)).toEqual([NAME]);
  });

  it('of a yes and a no are settled before the undo window ends', async () => {
    await put('Rejected');
    await put('Approved');
    await pass();
    expect(await later(PATIENCE.soonMs)).toMatchObject({ setAside: 1 });
    expect(await names('Approved')).toEqual([]);
    expect(reasons.of(NAME)).toContain('approved on one device and rejected on another');
    expect(PATIENCE.soonMs).toBeLessThan(10_000);
  });

  it('of which one is a forged note in Done leave the open one alone', async () => {
    await put(OFFERED);
    await put('Done/2026-11');
    await pass();
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 0 });
    done.add(ID);
    await pass(true);
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 1 });
    expect(await names('Done/2026-11')).toEqual([NAME]);
  });

  it('of a task whose note in Done was renamed are known by the journal, but not while a question is open', async () => {
    done.add(ID);
    await put(OFFERED, card('Was this sent?', 'outcome: "in_doubt"\n'));
    await pass();
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 0 });
    await unlink(at(OFFERED));
    await put(NEEDS);
    await pass();
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 1 });
    expect(reasons.of(NAME)).toContain('came back after its task was done');
  });

  it('touch no folder of an agent', async () => {
    await put('In_Progress/cloud-agent');
    await put('In_Progress/local-agent', card('other'));
    await pass();
    expect(await later(PATIENCE.doubleMs)).toMatchObject({ setAside: 0 });
  });

  it('are not decided from half a picture', async () => {
    await put(OFFERED);
    await pass();
    await rm(join(vault.root, OFFERED), { recursive: true });
    await symlink(dir, join(vault.root, OFFERED));
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 0 });
    expect(told).toEqual([]);
  });
});

describe('conflict copies', () => {
  const copy = NAME.replace('.md', '.sync-conflict-20261120-120000-ABCDEFG.md');

  it('alone take the name of the note they are a version of, but never where that would be an answer', async () => {
    await put(OFFERED, card('alone'), copy);
    await pass();
    await later(PATIENCE.soonMs);
    expect(await names(OFFERED)).toEqual([NAME]);
    await put('Approved', card('alone'), copy);
    await pass();
    await later(PATIENCE.soonMs);
    expect(await names('Approved')).toEqual([]);
    expect(await names('Conflicts')).toEqual([copy]);
  });

  it('that are further drafted take the place of the plain note, and both are kept', async () => {
    await put(NEEDS, `---\nid: "${ID}"\n---\nplain\n`);
    await put(NEEDS, card('drafted'), copy);
    await pass();
    await later(PATIENCE.doubleMs);
    await later(PATIENCE.doubleMs);
    expect(await readFile(at(NEEDS), 'utf8')).toBe(card('drafted'));
    expect(await readFile(at('Conflicts'), 'utf8')).toContain('plain');
  });

  it('of what is no task stay where they are and are told', async () => {
    for (const path of ['Dashboard', 'Templates/Default', 'Logs/local-agent/x'])
      await writeFile(join(vault.root, `${path}.sync-conflict-20261120-120000-ABCDEFG.md`), 'x');
    expect((await pass()).faults.join('\n')).toMatch(/^Dashboard.*\nLogs.*\nTemplates/);
    expect(await names('Templates')).toHaveLength(1);
  });
});

describe('tasks that vanish', () => {
  it('are put back when a peer deleted them, and told', async () => {
    await put(OFFERED);
    await pass();
    await deletedByPeer(OFFERED);
    await pass();
    expect(await later(PATIENCE.missingMs - 1)).toMatchObject({ putBack: 0 });
    quiet = false;
    expect(await later(1)).toMatchObject({ putBack: 0 });
    quiet = true;
    expect(await later(1)).toMatchObject({ putBack: 1 });
    expect(await readFile(at(OFFERED), 'utf8')).toBe(card());
    expect(told.join()).toContain('was deleted from Pending_Approval/email by another device and put back');
    expect(audited).toMatchObject([{ action: 'task.restored', task: ID, result: 'put_back' }]);
  });

  it('are put back after a restart, and the count survives it: five times, then kept', async () => {
    await put(OFFERED);
    for (let time = 1; time <= 6; time++) {
      await pass();
      await deletedByPeer(OFFERED);
      await restart();
      await pass();
      await later(PATIENCE.missingMs);
      expect(await names('Conflicts')).toHaveLength(time === 6 ? 1 : 0);
      expect(await names(OFFERED)).toHaveLength(time === 6 ? 0 : 1);
    }
    expect(await readdir(join(dir, 'state/open-tasks'))).toEqual([]);
  });

  it('stay deleted when the user deleted them here', async () => {
    await put(OFFERED);
    await pass();
    await unlink(at(OFFERED));
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 0 });
    expect(await readdir(join(dir, 'state/open-tasks'))).toEqual([]);
    expect(told).toEqual([]);
  });

  it('are put back although the clock was set back since they were last seen', async () => {
    wall += 365 * 86_400_000;
    await put(OFFERED);
    await pass();
    wall -= 365 * 86_400_000;
    await deletedByPeer(OFFERED);
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 1 });
  });

  it('are read from regular files of ours in size only', async () => {
    const versions = join(vault.root, '.stversions', OFFERED);
    await put(OFFERED);
    await pass();
    await unlink(at(OFFERED));
    await mkdir(versions, { recursive: true });
    await writeFile(join(dir, 'secret'), 'of the user');
    await symlink(join(dir, 'secret'), join(versions, NAME.replace('.md', '~20261120-120000.md')));
    await writeFile(join(versions, NAME.replace('.md', '~20261120-120001.md')), 'x'.repeat(2_000_000));
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 0 });
    expect(await names(OFFERED)).toEqual([]);
    expect(told.join()).toContain('its last version cannot be read');
  });

  it('come back as the last version that is a note of theirs', async () => {
    await put(OFFERED);
    await pass();
    await deletedByPeer(OFFERED);
    for (const rubbish of ['rubbish', 'x'.repeat(2_000_000), `---\nid: "em-fedcba9876543210"\n---\n`]) {
      await put(OFFERED, rubbish);
      await deletedByPeer(OFFERED);
    }
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 1 });
    expect(await readFile(at(OFFERED), 'utf8')).toBe(card());
  });

  it('are not looked for through a link in the place of the versions', async () => {
    await put(OFFERED);
    await pass();
    await deletedByPeer(OFFERED);
    await rename(join(vault.root, '.stversions'), join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), join(vault.root, '.stversions'));
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 0 });
  });

  it('are finished when they lie in a finished folder, under a number too; in Done only when the journal agrees', async () => {
    await put(OFFERED);
    await pass();
    await deletedByPeer(OFFERED);
    await put('Quarantine', card(), NAME.replace('.md', ' (2).md'));
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 0 });
    await rm(at('Quarantine', NAME.replace('.md', ' (2).md')));
    await put(OFFERED);
    await pass();
    await deletedByPeer(OFFERED);
    await put('Done/2020-01');
    await pass();
    expect(await later(PATIENCE.missingMs)).toMatchObject({ putBack: 1 });
  });

  it('many at once without a version look like a renamed folder', async () => {
    for (let n = 0; n < 4; n++) await put(OFFERED, 'x', `A em-000000000000000${n}.md`);
    await pass();
    await rename(join(vault.root, OFFERED), join(vault.root, 'Pending_Approval/mail'));
    await mkdir(join(vault.root, OFFERED));
    await pass();
    await later(PATIENCE.missingMs);
    expect(told.join()).toContain('4 notes left Pending_Approval/email at once');
  });
});
