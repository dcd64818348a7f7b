import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KNOWN_FOLDERS } from '../../src/core/vault-rules.ts';
import { checkVault } from '../../src/vault/check/check-vault.ts';
import type { Evidence } from '../../src/vault/check/evidence.ts';
import { fixVault } from '../../src/vault/check/fix-vault.ts';
import { Vault } from '../../src/vault/vault.ts';
import { runs as share } from '../helpers/runs.ts';
import { testDir } from '../helpers/testdir.ts';

const VAULTS = share(400);
const NOW = Date.parse('2026-11-20T12:00:00Z');
const IDS = ['em-00000000000000a1', 'em-00000000000000b2', 'od-00000000000000a1'];
const FOLDERS = [
  ...KNOWN_FOLDERS,
  'Done/2026-10',
  'Done/2026-11',
  'Needs_Action',
  'In_Progress/other-agent',
  'Approved/sub',
  '',
  'approved',
];
const TITLES = ['Anna - Offer', 'B', 'Café'];
const SUFFIXES = [
  '.sync-conflict-odd',
  ...['', '', '', ' (2)', '.sync-conflict-20261120-093100-ABCDEFG'],
  '.sync-conflict-20261120-093100-ABCDEFG.sync-conflict-20261120-093101-HIJKLMN',
];

interface Made {
  readonly path: string;
  readonly text: string;
  readonly kind: 'file' | 'old-file' | 'link' | 'folder';
}

const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...TITLES), fc.constantFrom(...IDS), fc.constantFrom(...SUFFIXES))
      .map(([title, id, suffix]) => `${title} ${id}${suffix}.md`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['Mine.md', 'Mine.sync-conflict-20261120-093100-ABCDEFG.md', 'x (why).md', 'PAUSE.md', '.env'],
      ...['.handover-1-aa.tmp', '.syncthing.x.md.tmp', 'photo.jpg', '.keep', 'draft-replier.json', 'sub'],
    ),
  },
);

const text = fc
  .record({
    id: fc.constantFrom(...IDS, ''),
    drafted: fc.boolean(),
    claimed: fc.constantFrom('', 'cloud-agent', 'local-agent'),
    body: fc.constantFrom('one', 'two', 'three'),
  })
  .map(({ id, drafted, claimed, body }) =>
    [
      '---',
      ...(id === '' ? [] : [`id: ${id}`]),
      ...(drafted ? ['drafted_at: 2026-11-20T09:00:00'] : []),
      ...(claimed === '' ? [] : [`claimed_by: ${claimed}`]),
      '---',
      body,
      '',
    ].join('\n'),
  );

const made: fc.Arbitrary<Made> = fc
  .record({
    folder: fc.constantFrom(...FOLDERS),
    name,
    text: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant('no properties') }),
    kind: fc.constantFrom('file', 'file', 'file', 'file', 'old-file', 'link', 'folder'),
  })
  .map(({ folder, name: leaf, text: words, kind }) => ({
    path: folder === '' ? leaf : `${folder}/${leaf}`,
    text: words,
    kind,
  }));

const vaults = fc.record({
  made: fc.array(made, { minLength: 1, maxLength: 14 }),
  removed: fc.array(fc.constantFrom(...KNOWN_FOLDERS), { maxLength: 2 }),
  linked: fc.option(fc.constantFrom(...KNOWN_FOLDERS), { freq: 8 }),
  /** What the laptop knows of each task. */
  claims: fc.array(fc.constantFrom('approved', 'drafting', 'none'), { minLength: 3, maxLength: 3 }),
  done: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  knows: fc.boolean(),
});

type Spec = typeof vaults extends fc.Arbitrary<infer T> ? T : never;

async function build(root: string, outside: string, spec: Spec): Promise<void> {
  for (const folder of spec.removed) await rm(join(root, folder), { recursive: true, force: true });
  if (spec.linked !== null) {
    await rm(join(root, spec.linked), { recursive: true, force: true });
    await mkdir(dirname(join(root, spec.linked)), { recursive: true });
    await symlink(outside, join(root, spec.linked));
  }
  for (const one of spec.made) {
    if (spec.linked !== null && `${one.path}/`.startsWith(`${spec.linked}/`)) continue;
    await put(root, outside, one);
  }
}

/** Where something lies in the way (a file for a folder, say) the thing is left out. */
async function put(root: string, outside: string, { path, text: words, kind }: Made): Promise<void> {
  const at = join(root, path);
  try {
    await mkdir(dirname(at), { recursive: true });
    if (kind === 'folder') await mkdir(at);
    else if (kind === 'link') await symlink(join(outside, 'secret.md'), at);
    else await writeFile(at, words, { flag: 'wx' });
    if (kind === 'old-file') await utimes(at, new Date(NOW - 2e8), new Date(NOW - 2e8));
  } catch (error) {
    if (!/^E(EXIST|NOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Content of every file and target of every link; `byPath` says where, `contents` only what. */
async function everything(root: string): Promise<{ byPath: string[]; contents: string[] }> {
  const byPath: string[] = [];
  const contents: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) continue;
    const what = entry.isSymbolicLink()
      ? `link, ${(await lstat(path)).size}`
      : createHash('sha256')
          .update(await readFile(path))
          .digest('hex');
    byPath.push(`${path.slice(root.length)} ${what}`);
    // Guards are made, unfinished files removed; every other version has to stay.
    if (entry.name !== '.keep' && !entry.name.startsWith('.handover-')) contents.push(what);
  }
  return { byPath: byPath.sort(), contents: contents.sort() };
}

it('mends all it says it can, keeps every version, and touches nothing outside or of another agent', async () => {
  let fixes = 0;
  let runs = 0;
  const base = await testDir({ 'outside/secret.md': 'not yours', 'outside/em.md': 'x', 'new/x.md': '' });
  await (await Vault.open(join(base, 'new'))).ensureFolders();
  await fc.assert(
    fc.asyncProperty(vaults, async (spec) => {
      const [root, outside] = [join(base, `vault-${++runs}`), join(base, 'outside')];
      await cp(join(base, 'new'), root, { recursive: true });
      await build(root, outside, spec);
      const evidence: Evidence = {
        claim: (id) => Promise.resolve(spec.claims[IDS.indexOf(id)] ?? 'none'),
        isDone: (id) => Promise.resolve(spec.done[IDS.indexOf(id)] ?? false),
      };
      const deps = { root, now: NOW, evidence: spec.knows ? evidence : null };
      const before = await everything(root);
      const outsideBefore = await everything(outside);
      const claims = (all: { byPath: string[] }): string[] =>
        all.byPath.filter((line) =>
          /^\/(In_Progress|Updates|Logs)\/[^ ]*-agent\/(?!.*sync-conflict)/.test(line),
        );

      const first = await checkVault(deps);
      expect(await everything(root)).toEqual(before);
      for (let round = 0; round < 5; round++) {
        const { steps } = await checkVault(deps);
        if (!(await fixVault(root, steps, NOW)).some((one) => one.done)) break;
      }
      const second = await checkVault(deps);
      const after = await everything(root);
      fixes += first.steps.length;
      expect(second.findings.filter((found) => found.fixable)).toEqual([]);
      expect(second.steps).toEqual([]);
      expect(after.contents).toEqual(before.contents);
      expect(await everything(outside)).toEqual(outsideBefore);
      const kept = (lines: string[]): string[] => lines.filter((line) => !/\/\.(keep|handover-)/.test(line));
      expect(kept(claims(after))).toEqual(kept(claims(before)));
      await rm(root, { recursive: true });
      // Something is called fixable exactly when there is a step for it.
      expect(first.findings.some((found) => found.fixable)).toBe(first.steps.length > 0);
    }),
    { numRuns: VAULTS },
  );
  expect(fixes).toBeGreaterThan(VAULTS);
}, 240_000);
