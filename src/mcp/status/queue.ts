import { z } from 'zod';
import { AGE_COLUMNS, ageCounts } from '../../core/age.ts';
import { localTime } from '../../core/local-time.ts';
import { doneFolder, STATES, type TaskFolder } from '../../core/states.ts';
import { scanFolder } from '../../vault/folder-scan.ts';
import { type Vault, VaultFault } from '../../vault/vault.ts';
import type { Tool } from '../tool.ts';
import { stamp, when } from './shapes.ts';
import type { StatusDeps } from './status-deps.ts';

const input = z.strictObject({});

const row = z.strictObject({
  folder: z.string(),
  here: z.boolean().describe('false: this folder does not travel to this machine, so nothing is known of it'),
  total: z.int().nullable(),
  complete: z.boolean().describe('false: there are more than were counted'),
  by_age: z.array(z.int()).nullable().describe('one count per column; null where age says nothing'),
  oldest: when.nullable(),
  fault: z.string().nullable().describe('why the folder cannot be read, such as folder-is-link'),
});
type Row = z.input<typeof row>;

const output = z.strictObject({
  at: when,
  paused: z.boolean().describe('PAUSE.md is there: nothing is sent'),
  columns: z.array(z.string()).describe('upper bounds of the ages'),
  states: z.array(row),
});

/** Names looked at per folder. */
const LOOKED_AT = 10_000;

export const queue: Tool<typeof input, typeof output, StatusDeps> = {
  name: 'queue',
  title: 'The queue by state and age',
  description:
    'Counts the tasks of each state folder, open ones by age (time in this folder or since last written, as this machine saw it). Of Done only the current month is counted. Real counts of this machine’s vault, nothing cached.',
  input,
  output,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async (_input, { vault, now, timeZone, host, sync }) => {
    const at = now();
    const apart = host === 'cloud-agent' && sync.kind !== 'off';
    const states: Row[] = [];
    for (const state of STATES) {
      if (apart && !state.travelsToCloud) states.push(elsewhere(state.folder));
      else if (state.folder === 'Done')
        states.push(await count(vault, doneFolder(localTime(at, timeZone)), null));
      else
        states.push(
          await count(vault, state.folder, state.open || state.folder === 'Quarantine' ? at : null),
        );
    }
    return {
      at: stamp(at),
      paused: await vault.paused(),
      columns: AGE_COLUMNS.map((column) => column.title),
      states,
    };
  },
};

function elsewhere(folder: string): Row {
  return { folder, here: false, total: null, complete: false, by_age: null, oldest: null, fault: null };
}

/** @param now null where the ages are not asked for */
async function count(vault: Vault, folder: TaskFolder, now: number | null): Promise<Row> {
  const names: string[] = [];
  let total = 0;
  try {
    const { complete } = await scanFolder(vault, folder, {
      max: LOOKED_AT,
      see: (name, stray) => {
        if (stray !== null) return;
        total++;
        if (now !== null) names.push(name);
      },
    });
    const since: number[] = [];
    for (const name of names) {
      const stat = await vault.stat({ folder, name });
      if (stat) since.push(stat.ctimeMs);
    }
    const oldest = since.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
    return {
      folder,
      here: true,
      total,
      complete,
      by_age: now === null ? null : [...ageCounts(since.map((ms) => now - ms))],
      oldest: since.length === 0 ? null : stamp(oldest),
      fault: null,
    };
  } catch (error) {
    if (!(error instanceof VaultFault)) throw error;
    return { ...elsewhere(folder), here: true, fault: error.code };
  }
}
