import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Attempt, JournalEntries } from '../core/effect-state.ts';
import { errno } from '../files/errno.ts';
import type { ProcessIdentity } from '../runtime/process-identity.ts';
import {
  attemptSchema,
  type JournalFormat,
  resolutionSchema,
  resultSchema,
  returnedSchema,
  type SealedCommon,
  stateResolution,
  stateResult,
  stateReturned,
  transmittingSchema,
} from './journal-records.ts';

/** One generation read back: `journal/<id>/g<k>/`. */
export interface Generation<Sealed, Filed> {
  readonly folder: string;
  readonly k: number;
  readonly sealed: Sealed | null;
  readonly filed: Filed | null;
  readonly entries: JournalEntries<ProcessIdentity>;
}

const FILE =
  /^(?:attempt-(?<attempt>\d{1,6})\.json|attempt-(?<transmitting>\d{1,6})\.transmitting|attempt-(?<result>\d{1,6})\.result\.json|resolution-(?<resolution>\d{1,6})\.json)$/;
const MAX_FILES = 20_000;
const MAX_RECORD_BYTES = 8_388_608;

/** Never throws for what lies in the folder: that becomes a fault, and a fault is never acted on. */
export async function readGeneration<Sealed extends SealedCommon, Filed extends { readonly at: string }>(
  format: JournalFormat<Sealed, Filed>,
  folder: string,
  k: number,
): Promise<Generation<Sealed, Filed>> {
  const faults: string[] = [];
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.handover-'));
  if (names.length > MAX_FILES) faults.push(`more than ${MAX_FILES} files`);
  const read = <S extends z.ZodType>(name: string, schema: S) => readRecord(folder, name, schema, faults);
  const numbered: Record<'attempt' | 'transmitting' | 'result' | 'resolution', Set<number>> = {
    attempt: new Set(),
    transmitting: new Set(),
    result: new Set(),
    resolution: new Set(),
  };
  for (const name of names.slice(0, MAX_FILES)) {
    if (['sealed.json', format.payload, 'filed.json', 'returned.json'].includes(name)) continue;
    const groups = FILE.exec(name)?.groups;
    if (!groups) faults.push(`a file that does not belong here: ${JSON.stringify(name.slice(0, 80))}`);
    for (const kind of ['attempt', 'transmitting', 'result', 'resolution'] as const) {
      const n = groups?.[kind];
      if (n !== undefined) numbered[kind].add(Number(n));
    }
  }
  const sealed = names.includes('sealed.json') ? await read('sealed.json', format.schema) : null;
  if (sealed && !names.includes(format.payload)) faults.push(`${format.payload} is missing`);
  if (sealed && sealed.seal !== k) faults.push('sealed.json belongs to another generation');
  const filed = names.includes('filed.json') ? await read('filed.json', format.filed) : null;
  const returned = names.includes('returned.json') ? await read('returned.json', returnedSchema) : null;
  const attempts: Attempt<ProcessIdentity>[] = [];
  for (const n of [...numbered.attempt].sort((a, b) => a - b)) {
    const head = await read(`attempt-${n}.json`, attemptSchema);
    if (!head) continue;
    if (head.n !== n) faults.push(`attempt-${n}.json belongs to another attempt`);
    const result = numbered.result.has(n) ? await read(`attempt-${n}.result.json`, resultSchema) : null;
    const settled = numbered.resolution.has(n) ? await read(`resolution-${n}.json`, resolutionSchema) : null;
    attempts.push({
      n,
      kind: head.kind,
      at: Date.parse(head.at),
      process: head.process,
      transmitting: numbered.transmitting.has(n) ? await transmittingBy(folder, n) : 'no',
      result: result ? stateResult(result) : null,
      resolution: settled ? stateResolution(settled) : null,
    });
  }
  for (const kind of ['transmitting', 'result', 'resolution'] as const) {
    for (const n of numbered[kind]) {
      if (!numbered.attempt.has(n)) faults.push(`a ${kind} record without attempt ${n}`);
    }
  }
  const entries = {
    sealed: sealed !== null,
    ...{ faults, attempts },
    returned: returned === null ? null : stateReturned(returned),
  };
  return { folder, k, sealed, filed, entries };
}

/** A torn record counts as the sender's: then the mail may be out. */
async function transmittingBy(folder: string, n: number): Promise<'sender' | 'void'> {
  const record = await readRecord(folder, `attempt-${n}.transmitting`, transmittingSchema, []);
  return record?.by ?? 'sender';
}

async function readRecord<S extends z.ZodType>(
  folder: string,
  name: string,
  schema: S,
  faults: string[],
): Promise<z.output<S> | null> {
  try {
    const path = join(folder, name);
    if ((await stat(path)).size > MAX_RECORD_BYTES) throw new RangeError('too large');
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (parsed.success) return parsed.data;
  } catch (error) {
    // Out of file handles or an I/O error says nothing about the record: it must not read as a verdict.
    if (!(error instanceof SyntaxError || error instanceof RangeError) && errno(error) !== 'EISDIR')
      throw error;
  }
  faults.push(`${name} is damaged`);
  return null;
}
