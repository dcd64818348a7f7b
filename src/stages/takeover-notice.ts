import { parseNotice, TAKEOVER_FILE, TAKEOVER_FILE_BYTES } from '../core/takeover.ts';
import { type Vault, VaultFault } from '../vault/vault.ts';

/**
 * Does the laptop say that it drafts in the cloud's place? While it does, every claim of a draft is shared work.
 * Asked after each claim and not once: the laptop claims only when the notice has arrived here, so a claim of
 * ours that came before it is one that no take-over was running beside.
 */
export async function takeoverAnnounced(vault: Pick<Vault, 'readOther'>): Promise<boolean> {
  try {
    const read = await vault.readOther(TAKEOVER_FILE, TAKEOVER_FILE_BYTES);
    return read.ok && parseNotice(read.text)?.on === true;
  } catch (error) {
    // A folder of `Updates` that is a link says nothing, and stops no drafting.
    if (error instanceof VaultFault) return false;
    throw error;
  }
}
