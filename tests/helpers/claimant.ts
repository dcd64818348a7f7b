import type { Agent } from '../../src/core/states.ts';
import { inProgress } from '../../src/core/states.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { acknowledge } from '../../src/sync/acknowledge.ts';
import { openSync, type Sync } from '../../src/sync/open-sync.ts';
import { settleClaim } from '../../src/sync/settle-claim.ts';
import { type NoteRef, Vault } from '../../src/vault/vault.ts';
import { FOLDER, type SyncNode } from './syncthing.ts';

export const INBOX = 'Needs_Action/email';

/** One agent on its machine of the pair: its vault, its Syncthing, and the claim of shared work. */
export interface Claimant {
  readonly agent: Agent;
  readonly vault: Vault;
  readonly sync: Sync;
  /** Raises the flag; false when the note is not there any more. */
  raise(name: string): Promise<boolean>;
  /** Waits until it is known whose it is, and withdraws its own when it is the other's. */
  settle(name: string): Promise<'mine' | 'apart' | 'withdrawn' | 'gone'>;
  stop(): Promise<void>;
}

export async function claimant(node: SyncNode, peer: SyncNode, agent: Agent): Promise<Claimant> {
  const vault = await Vault.open(node.vault);
  await vault.ensureFolders();
  const config = {
    SYNC: 'syncthing' as const,
    SYNCTHING_URL: node.url,
    SYNCTHING_API_KEY: node.apiKey,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: peer.id,
    SYNCTHING_TRUSTED_DEVICES: [],
  };
  const log = createLogger('test', 'error');
  const sync = openSync(config, { vault, clock: systemClock, log });
  if (sync === null) throw new Error('no Syncthing');
  const { client, folder } = sync;
  const settleOnce = settleClaim({
    vault,
    me: agent,
    shared: () => Promise.resolve(true),
    acknowledge: (path, signal) =>
      acknowledge({ client, folder, peer: peer.id, clock: systemClock, timeoutMs: 10_000 }, path, signal),
    clock: systemClock,
    patienceMs: 10_000,
  });
  const mine = inProgress(agent);
  return {
    agent,
    vault,
    sync,
    raise: async (name) => (await vault.move({ folder: INBOX, name }, mine)) === 'moved',
    settle: async (name) => {
      const ref: NoteRef = { folder: mine, name };
      for (let pass = 1; pass <= 12; pass++) {
        const settled = await settleOnce(ref, new AbortController().signal);
        if (settled === 'waiting') continue;
        if (settled === 'withdrawn') await vault.setAside(ref);
        return settled;
      }
      throw new Error(`${agent} waits for ever for ${name}`);
    },
    stop: () => sync.stop(),
  };
}
