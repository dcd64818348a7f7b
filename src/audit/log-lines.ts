import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MAX_LINE_BYTES } from '../core/audit-chain.ts';

/** Lines without `\n`; `whole` is false for a last line that has none. An over-long line is cut short. */
export async function* linesOf(path: string): AsyncGenerator<{ bytes: Uint8Array; whole: boolean }> {
  let rest = Buffer.alloc(0);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags);
  for await (const chunk of handle.createReadStream() as AsyncIterable<Buffer>) {
    let bytes = Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10)) {
      yield { bytes: bytes.subarray(0, at), whole: true };
      bytes = bytes.subarray(at + 1);
    }
    // Two bytes over the limit are as unreadable as two gigabytes, and fit in memory.
    rest = bytes.subarray(0, MAX_LINE_BYTES + 1);
  }
  if (rest.length > 0) yield { bytes: rest, whole: false };
}
