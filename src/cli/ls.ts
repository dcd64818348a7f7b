import type { Command } from 'commander';
import { AGE_COLUMNS, ageCounts } from '../core/age.ts';
import { STATES } from '../core/states.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { doneMonths } from '../vault/task-places.ts';
import type { Vault } from '../vault/vault.ts';
import type { Paint } from './paint.ts';
import { openVault, type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover ls`: how many tasks lie where, and since when, as qshape(1) shows a mail queue. */
export function lsVerb(context: VerbContext): Command {
  return verb(context, { name: 'ls', summary: 'how many tasks lie in which state, by age' }, async () => {
    const vault = await openVault(context);
    return ls(context, vault);
  });
}

interface StateLine {
  readonly folder: string;
  readonly total: number;
  /** Counts by age; null for finished states, whose age nobody waits for. */
  readonly ages: readonly number[] | null;
  /** When the oldest came into the state, RFC 3339 UTC. */
  readonly oldest: string | null;
}

async function ls({ now: clock, doing, paint }: VerbContext, vault: Vault): Promise<Outcome> {
  const now = clock();
  const lines: StateLine[] = [];
  for (const row of STATES) {
    doing(`counting ${row.folder}`);
    lines.push(
      row.open || row.folder === 'Quarantine'
        ? await agedLine(vault, row.folder, now)
        : await countLine(vault, row.folder),
    );
  }
  const titles = AGE_COLUMNS.map((column) => column.title);
  const table = [
    ['', 'total', ...titles],
    ...lines.map((l) => [
      l.folder,
      String(l.total),
      ...(l.ages?.map((n) => (n === 0 ? '.' : String(n))) ?? []),
    ]),
  ];
  return { exit: EXIT.ok, json: { columns: titles, states: lines }, text: painted(table, paint) };
}

async function agedLine(
  vault: Vault,
  folder: (typeof STATES)[number]['folder'],
  now: number,
): Promise<StateLine> {
  const since: number[] = [];
  for (const name of await vault.list(folder)) {
    const stat = await vault.stat({ folder, name });
    // The change time is when the note came here or was last edited; a rename sets it, sync cannot forge it.
    if (stat) since.push(stat.ctimeMs);
  }
  const oldest = since.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
  return {
    folder,
    total: since.length,
    ages: ageCounts(since.map((ms) => now - ms)),
    oldest: since.length === 0 ? null : new Date(oldest).toISOString(),
  };
}

async function countLine(vault: Vault, folder: (typeof STATES)[number]['folder']): Promise<StateLine> {
  const folders = folder === 'Done' ? [folder, ...(await doneMonths(vault))] : [folder];
  let total = 0;
  for (const each of folders) total += (await vault.list(each)).length;
  return { folder, total, ages: null, oldest: null };
}

/** Headings and empty places step back. */
function painted(table: readonly (readonly string[])[], paint: Paint): string {
  const [head = [], ...rows] = table;
  const shown = rows.map((cells) => (cells[1] === '0' ? paint.dim(tableLine(cells)) : tableLine(cells)));
  return [paint.dim(tableLine(head)), ...shown].join('\n');
}

function tableLine(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(6)))
    .join('')
    .trimEnd();
}
