import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Vault } from '../vault/vault.ts';
import { Nudger } from './nudge.ts';
import { Syncthing } from './syncthing-client.ts';

/** Values of SYNC and SYNC_KEYS; see runtime/config.ts. */
export interface SyncConfig {
  readonly SYNC: 'none' | 'syncthing';
  readonly SYNCTHING_URL: string;
  readonly SYNCTHING_API_KEY: string;
  readonly SYNCTHING_FOLDER: string;
  readonly SYNCTHING_PEER_DEVICE: string;
  readonly SYNCTHING_TRUSTED_DEVICES: readonly string[];
}

/** What a process has of the Syncthing on its machine. */
export interface Sync {
  readonly client: Syncthing;
  readonly folder: string;
  /** Device id of the other agent's machine; null: not configured. */
  readonly peer: string | null;
  readonly trusted: readonly string[];
  readonly nudger: Nudger;
  stop(): Promise<void>;
}

/**
 * Connects a process with the Syncthing of its machine; null when there is none to speak with (`SYNC=none`, or no
 * API key: files travel all the same, only later). Never waits for Syncthing. The vault's changes are told from
 * now on.
 */
export function openSync(
  config: SyncConfig,
  deps: {
    readonly vault: Vault;
    readonly clock: Clock;
    readonly log: Logger;
    /** See linger.ts; for the processes through whose hands a new mail goes. */
    readonly lingerMs?: number;
  },
): Sync | null {
  if (config.SYNC === 'none') return null;
  if (config.SYNCTHING_API_KEY === '') {
    deps.log.warn('SYNCTHING_API_KEY is empty: changes travel when the file watcher of Syncthing finds them');
    return null;
  }
  const client = new Syncthing({ url: config.SYNCTHING_URL, apiKey: config.SYNCTHING_API_KEY });
  const folder = config.SYNCTHING_FOLDER;
  const nudger = new Nudger({ ...deps, client, folder });
  deps.vault.observe(nudger);
  return {
    client,
    folder,
    peer: config.SYNCTHING_PEER_DEVICE === '' ? null : config.SYNCTHING_PEER_DEVICE,
    trusted: config.SYNCTHING_TRUSTED_DEVICES,
    nudger,
    stop: async () => {
      await nudger.stop();
      client.close();
    },
  };
}
