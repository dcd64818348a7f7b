/**
 * Where the part of a chain begins that is still kept. Old days are dropped by us alone; whoever else takes the first
 * days away is found out, since what is left then does not follow this. One small file per process in `STATE_DIR/audit`,
 * out of a peer's reach.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { AuditFault } from './audit-fault.ts';

const chainBaseSchema = z.object({
  /** `<agent>/<process>`: the chain it belongs to. */
  actor: z.string(),
  /** Hash of the last line that was dropped: what the first line that is kept follows. */
  hash: z.string(),
  /** Newest day (`YYYY-MM-DD`, UTC) that was dropped. */
  through: z.iso.date(),
});
export type ChainBase = z.infer<typeof chainBaseSchema>;

function basePath(headDir: string, process: string): string {
  return join(headDir, `${process}.base.json`);
}

/** Null when nothing was dropped yet, and for the record of another chain. One that cannot be read is a fault. */
export async function readBase(headDir: string, process: string, actor: string): Promise<ChainBase | null> {
  const path = basePath(headDir, process);
  try {
    const base = chainBaseSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return base.actor === actor ? base : null;
  } catch (error) {
    if (errno(error) === 'ENOENT') return null;
    throw baseFault(path, error);
  }
}

/** Throws `AuditFault` when it cannot be written. */
export async function writeBase(headDir: string, process: string, base: ChainBase): Promise<void> {
  const path = basePath(headDir, process);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeDurably(path, `${JSON.stringify(base)}\n`);
  } catch (error) {
    throw baseFault(path, error);
  }
}

function baseFault(path: string, cause: unknown): AuditFault {
  return new AuditFault(
    'log-head',
    `the record of dropped log days ${basename(path)} cannot be used`,
    'remove the file in STATE_DIR/audit; `handover audit verify` then says of one chain that its beginning is missing',
    cause,
  );
}
