import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { addressKey } from '../core/address-list.ts';
import { createDurably } from '../files/durable.ts';

/** Whom the user wrote to before: who is new asks for a second look (`FIRST_CONTACT`). */
export interface WrittenTo {
  has(address: string): Promise<boolean>;
  /** Repeating it changes nothing. */
  add(addresses: readonly string[]): Promise<void>;
}

/**
 * `STATE_DIR/written-to/<xx>/<hash of the address>`, empty files: one entry an address, looked up by name and never
 * listed, and no address book for whoever reads the disk.
 */
export function writtenTo(stateDir: string): WrittenTo {
  const root = join(stateDir, 'written-to');
  const place = (address: string) => {
    const hash = createHash('sha256').update(addressKey(address)).digest('hex');
    return { folder: join(root, hash.slice(0, 2)), name: hash.slice(2, 42) };
  };
  const there = ({ folder, name }: ReturnType<typeof place>) =>
    lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
  return {
    has: (address) => Promise.resolve().then(() => there(place(address))),
    add: async (addresses) => {
      for (const address of addresses) {
        const at = place(address);
        if (there(at)) continue;
        await mkdir(at.folder, { recursive: true, mode: 0o700 });
        await createDurably(join(at.folder, at.name), '');
      }
    },
  };
}
