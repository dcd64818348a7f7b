/**
 * The chain's head, kept outside the vault: without it a log that was cut at its end, or rewritten from its
 * start with fresh hashes, would look whole. One small file per process in `STATE_DIR/audit`.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { AuditFault } from './audit-fault.ts';

const chainHeadSchema = z.object({
  /** `<agent>/<process>`: the chain it belongs to. */
  actor: z.string(),
  /** Hash of the last line that is known to be on disk. */
  hash: z.string(),
  /** The file it stands in, for the reader of a finding. */
  file: z.string(),
});
export type ChainHead = z.infer<typeof chainHeadSchema>;

/** Null when there is none yet. A head that cannot be read is a fault, never "no head". */
export async function readHead(path: string): Promise<ChainHead | null> {
  try {
    return chainHeadSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errno(error) === 'ENOENT') return null;
    throw headFault(path, error);
  }
}

export async function writeHead(path: string, head: ChainHead): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeDurably(path, `${JSON.stringify(head)}\n`);
  } catch (error) {
    throw headFault(path, error);
  }
}

function headFault(path: string, cause: unknown): AuditFault {
  return new AuditFault(
    'log-head',
    `the audit head ${basename(path)} cannot be used`,
    'run `handover audit verify`; when the log is whole, remove the file in STATE_DIR/audit and start again',
    cause,
  );
}
