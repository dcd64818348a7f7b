/**
 * Keeps the state folders clean: makes missing ones again, takes sync-conflict copies to `Conflicts/`
 * (never executed, every version kept), removes our own unfinished files. Touches no task file.
 */
import type { AuditTrail } from '../core/audit-chain.ts';
import { localTime } from '../core/local-time.ts';
import { doneFolder, OPEN_FOLDERS, STATES, type TaskFolder, OTHER_FOLDERS } from '../core/states.ts';
import { idInName } from '../core/task-id.ts';
import { errno } from '../files/errno.ts';
import { type Vault, VaultFault } from '../vault/vault.ts';

/** qmail's figure: nothing that still works holds a temporary file this long, not even a sleeping laptop. */
const STALE_MS = 36 * 3_600_000;

const MAX_FAULTS = 20;

export interface SweepReport {
  readonly setAside: number;
  readonly removed: number;
  /** What the user should know, a sentence each. */
  readonly faults: readonly string[];
}

export interface SweepDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly timeZone: string;
  readonly audit: AuditTrail;
  /** Who keeps two replicas in order decides about conflict copies too; alone, the sweep sets them aside. */
  readonly conflictCopies: 'set_aside' | 'leave';
}

/**
 * @param which `open`: where notes wait; cheap, for every pass. `all`: finished folders too, which may
 *   hold a hundred thousand notes, so now and then.
 * @throws AuditFault
 */
export async function sweepVault(deps: SweepDeps, which: 'open' | 'all'): Promise<SweepReport> {
  const report = { setAside: 0, removed: 0, faults: new Set<string>() };
  await guarded('The vault', report.faults, () => deps.vault.ensureFolders());
  for (const folder of foldersOf(deps, which)) {
    await guarded(folder, report.faults, async () => {
      report.removed += await deps.vault.sweepStaging(folder, deps.now(), STALE_MS);
      report.setAside += await sweepStrays(deps, folder, report.faults);
    });
  }
  for (const folder of which === 'all' ? OTHER_FOLDERS : []) {
    await guarded(folder, report.faults, async () => {
      report.removed += await deps.vault.sweepStaging(folder, deps.now(), STALE_MS);
    });
  }
  return { ...report, faults: [...report.faults].slice(0, MAX_FAULTS) };
}

function foldersOf(deps: SweepDeps, which: 'open' | 'all'): readonly TaskFolder[] {
  if (which === 'open') return OPEN_FOLDERS;
  return [...STATES.map((row) => row.folder), doneFolder(localTime(deps.now(), deps.timeZone))];
}

/** One folder that was replaced by a link must not keep the others from being looked after. */
async function guarded(folder: string, faults: Set<string>, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const words = faultWords(error);
    if (words === null) throw error;
    faults.add(`${error instanceof VaultFault ? error.path : folder}: ${words}`);
  }
}

async function sweepStrays(deps: SweepDeps, folder: TaskFolder, faults: Set<string>): Promise<number> {
  if (folder === 'Conflicts') return 0;
  let setAside = 0;
  for (const { name, why } of await deps.vault.listStrays(folder)) {
    if (why === 'sync-conflict') {
      if (deps.conflictCopies === 'set_aside') setAside += await takeAside(deps, folder, name);
    }
    // Months are folders of Done; anywhere else the user should know why a note is not worked on.
    else if (folder !== 'Done' && (why === 'odd-name' || why === 'not-a-file')) {
      faults.add(`${folder}: ${name} is no plain note and is left alone`);
    }
  }
  return setAside;
}

async function takeAside(deps: SweepDeps, folder: TaskFolder, name: string): Promise<number> {
  const result = await deps.vault.setAside({ folder, name });
  if (result !== 'moved') return 0;
  const original = name.replace(/\.sync-conflict-[^.]*/, '');
  await deps.audit.append({
    action: 'conflict.set_aside',
    task: idInName(original) ?? undefined,
    target: 'Conflicts',
    parameters: { from: folder, name },
    result: 'kept',
  });
  return 1;
}

/** Null for what is no fault of the vault: that must not be swallowed here. */
function faultWords(error: unknown): string | null {
  if (error instanceof VaultFault) {
    return error.code === 'folder-is-link'
      ? 'is a link and not a folder; nothing is read or written through it. Remove the link.'
      : 'is not a folder. Move away what is in its place.';
  }
  const code = errno(error) ?? '';
  return /^E[A-Z]+$/.test(code) ? `cannot be used (${code}).` : null;
}
