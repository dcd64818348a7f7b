/** What Syncthing tells of the files of the vault, as those who keep records of them need it. */

/** Syncthing's own list of changes, as sync/disk-changes.ts follows it. */
export interface ChangeLedger {
  /** Resolves when all that happened before was told; rejects when that cannot be known. */
  flush(): Promise<void>;
  readonly continuous: boolean;
}

export interface CardChange {
  /** Relative to the vault; written by the peer. */
  readonly path: string;
  readonly action: string;
  readonly origin: 'local' | 'remote';
  /** When Syncthing told it, ms. */
  readonly at?: number;
}
