import { VaultFault } from './safe-path.ts';

/**
 * A folder that is a link or no folder holds nothing for whoever looks; the sweep tells the user what is wrong
 * with it, and nothing is read or written through it.
 */
export async function unlessBroken<T>(looked: Promise<T>, nothing: T): Promise<T> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof VaultFault) return nothing;
    throw error;
  }
}
