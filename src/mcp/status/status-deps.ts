import type { Agent } from '../../core/states.ts';
import type { Syncthing } from '../../sync/syncthing-client.ts';
import type { Vault } from '../../vault/vault.ts';

/** How the vault of this machine is synchronised, as far as the configuration says. */
export type SyncAccess =
  | { readonly kind: 'off' }
  /** Without its API key Syncthing tells nobody anything. */
  | { readonly kind: 'no-key' }
  | {
      readonly kind: 'api';
      readonly client: Syncthing;
      readonly folder: string;
      /** Device id of the other machine; null while there is none. */
      readonly peer: string | null;
      readonly trusted: readonly string[];
    };

/** What the tools of status-mcp work with. All of them only read. */
export interface StatusDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly timeZone: string;
  /** Whose machine this is. */
  readonly host: Agent;
  readonly sync: SyncAccess;
}
