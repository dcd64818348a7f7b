/**
 * May an effect happen on this machine, as far as Syncthing is concerned? Only when it is proved that no
 * device but the user's own can write into `Approved/`: what cannot be read counts as unsafe.
 *
 * Syncthing facts behind the rules (measured on 1.19.2 and 1.29.5): the first matching ignore line wins; an
 * included file is synced and so is the peer's to change; an ignored path cannot be created, changed or
 * replaced by a peer; removing the line publishes the folder at once.
 */

/** A folder on this machine by what it is and not only by its name: links, binds and case make two names of one. */
export interface Place {
  /** Absolute, links resolved as far as it exists. */
  readonly path: string;
  /** `device:inode` of the folder itself; null when it does not exist. */
  readonly self: string | null;
  /** The same of the folder and all above it that exist; null when it could not be looked at. */
  readonly chain: readonly string[] | null;
}

export interface SharedFolder {
  readonly id: string;
  readonly place: Place;
  /** Device ids, the own one among them. */
  readonly devices: readonly string[];
  readonly maxConflicts: number | null;
  /** Does Syncthing keep what a peer deletes or overwrites? */
  readonly versioned: boolean;
}

export interface PeerDevice {
  readonly id: string;
  readonly introducer: boolean;
  readonly autoAcceptFolders: boolean;
}

export interface SyncthingFacts {
  readonly myId: string;
  readonly folders: readonly SharedFolder[];
  readonly devices: readonly PeerDevice[];
  /** Is the vault's folder paused? Then nothing about it can be learnt. */
  readonly paused: boolean;
  /** Of the vault's folder; null when it is paused or there is none. */
  readonly ignores: {
    readonly lines: readonly string[];
    readonly expanded: readonly string[];
    readonly error: string | null;
  } | null;
  /** Symbolic links that Syncthing carries in the vault's folder, at any depth. */
  readonly links: number;
  /** Trusted devices that carry `Approved` in the folder which the cloud shares too. */
  readonly approvedSharedBy: readonly string[];
  /** `host:port` of Syncthing's own interface; null when it is not told. */
  readonly guiAddress: string | null;
}

export interface TopologyFacts {
  /** Folder id of the vault, `SYNCTHING_FOLDER`. */
  readonly folder: string;
  readonly peer: string | null;
  readonly trusted: readonly string[];
  readonly vault: Place;
  readonly approved: Place;
  readonly syncthing: SyncthingFacts | { readonly unknown: 'no-key' | 'forbidden' | 'no-answer' };
}

export type TopologyCode =
  | 'no-key'
  | 'forbidden'
  | 'no-answer'
  | 'no-folder'
  | 'folder-paused'
  | 'other-path'
  | 'ignore-error'
  | 'ignore-include'
  | 'ignore-missing'
  | 'ignore-not-first'
  | 'ignore-deletable'
  | 'guard-not-ignored'
  | 'overlap'
  | 'place-unknown'
  | 'approved-shared'
  | 'approved-elsewhere'
  | 'peer-trusted'
  | 'own-id-as-peer'
  | 'introducer'
  | 'auto-accept'
  | 'trusted-device-leaks'
  | 'links'
  | 'no-conflict-copies'
  | 'no-versions'
  | 'gui-open';

export interface TopologyFinding {
  readonly code: TopologyCode;
  /** For the user: what is wrong and the cure. */
  readonly words: string;
  readonly refuses: boolean;
}

export interface Topology {
  readonly effects: 'allowed' | 'refused';
  /** What refuses first. */
  readonly findings: readonly TopologyFinding[];
}

const refuse = (code: TopologyCode, words: string): TopologyFinding => ({ code, words, refuses: true });
const warn = (code: TopologyCode, words: string): TopologyFinding => ({ code, words, refuses: false });

export function judgeTopology(facts: TopologyFacts): Topology {
  const { syncthing } = facts;
  const findings =
    'unknown' in syncthing
      ? [refuse(syncthing.unknown, UNKNOWN_WORDS[syncthing.unknown])]
      : [
          ...deviceFindings(facts, syncthing),
          ...vaultFolderFindings(facts, syncthing),
          ...ignoreFindings(syncthing),
          ...otherFolderFindings(facts, syncthing),
          ...warnings(facts, syncthing),
        ];
  const sorted = [...findings.filter((f) => f.refuses), ...findings.filter((f) => !f.refuses)];
  return { effects: sorted[0]?.refuses === true ? 'refused' : 'allowed', findings: sorted };
}

const PROOF = 'so it cannot be proved that only your own devices can write into Approved';
const UNKNOWN_WORDS = {
  'no-key': `SYNCTHING_API_KEY is empty, ${PROOF}. Set it (Syncthing, Settings, API key).`,
  forbidden: `Syncthing does not accept SYNCTHING_API_KEY, ${PROOF}. Copy the key again (Settings, API key).`,
  'no-answer': `Syncthing does not answer at SYNCTHING_URL, ${PROOF}. Start Syncthing, or mend SYNCTHING_URL.`,
} as const;

/** Enough of a device id to recognise it; the whole one fills the line. */
const short = (device: string): string => device.slice(0, 7);

function isTrusted(device: string, facts: TopologyFacts, syncthing: SyncthingFacts): boolean {
  return device === syncthing.myId || facts.trusted.includes(device);
}

function strangersOf(folder: SharedFolder, facts: TopologyFacts, syncthing: SyncthingFacts): string[] {
  return folder.devices.filter((device) => !isTrusted(device, facts, syncthing));
}

function deviceFindings(facts: TopologyFacts, syncthing: SyncthingFacts): TopologyFinding[] {
  const out: TopologyFinding[] = [];
  if (facts.peer !== null && facts.trusted.includes(facts.peer)) {
    out.push(
      refuse(
        'peer-trusted',
        'SYNCTHING_TRUSTED_DEVICES holds the cloud machine. Take its id out of the list.',
      ),
    );
  }
  if (facts.peer === syncthing.myId) {
    out.push(
      refuse(
        'own-id-as-peer',
        'SYNCTHING_PEER_DEVICE is the id of this machine. Put the id of the cloud machine there.',
      ),
    );
  }
  for (const device of syncthing.devices) {
    if (isTrusted(device.id, facts, syncthing)) continue;
    if (device.introducer) {
      out.push(
        refuse(
          'introducer',
          `Device ${short(device.id)} may introduce other devices. Switch "Introducer" off for it in Syncthing.`,
        ),
      );
    }
    if (device.autoAcceptFolders) {
      out.push(
        refuse(
          'auto-accept',
          `Folders that device ${short(device.id)} offers are accepted unseen. Switch "Auto Accept" off for it in Syncthing.`,
        ),
      );
    }
  }
  return out;
}

function vaultFolderFindings(facts: TopologyFacts, syncthing: SyncthingFacts): TopologyFinding[] {
  const folder = syncthing.folders.find((one) => one.id === facts.folder);
  if (!folder) {
    return [
      refuse(
        'no-folder',
        `Syncthing has no folder with the id ${facts.folder}. Run \`handover sync apply\`, or mend SYNCTHING_FOLDER.`,
      ),
    ];
  }
  if (syncthing.paused) {
    return [
      refuse(
        'folder-paused',
        `Syncthing's folder ${facts.folder} is paused, ${PROOF}. Resume it, or disconnect the cloud machine instead.`,
      ),
    ];
  }
  const same = folder.place.self !== null && folder.place.self === facts.vault.self;
  if (same) return [];
  return [
    refuse(
      'other-path',
      `Syncthing's folder ${facts.folder} is not the vault but ${folder.place.path}. Its list of exclusions says nothing about the vault. Mend the folder's path or VAULT_DIR.`,
    ),
  ];
}

const RULE = '(?i)/Approved';

/** Syncthing's own reading: blanks around a line do not count, `//` begins a comment. */
function effectiveLines(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('//'));
}

function ignoreFindings({ ignores }: SyncthingFacts): TopologyFinding[] {
  if (ignores === null) return [];
  const lines = effectiveLines(ignores.lines);
  const cure = 'Run `handover sync apply`, which writes the right list.';
  if (ignores.error !== null) {
    return [
      refuse('ignore-error', `Syncthing cannot read the vault's list of exclusions (.stignore). ${cure}`),
    ];
  }
  const out: TopologyFinding[] = [];
  if (lines.some((line) => line.startsWith('#include'))) {
    out.push(
      refuse(
        'ignore-include',
        `The list of exclusions (.stignore) includes another file, which the cloud could change. ${cure}`,
      ),
    );
  }
  // Syncthing lower-cases what follows `(?i)` itself.
  const first = lines[0]?.toLowerCase();
  const inForce = [RULE, `${RULE}/**`].map((pattern) => pattern.toLowerCase());
  const expandedRight = inForce.every((pattern, at) => ignores.expanded[at]?.toLowerCase() === pattern);
  if (first !== RULE.toLowerCase() || !expandedRight) {
    const present = lines.some((line) => line.toLowerCase() === RULE.toLowerCase());
    out.push(
      present
        ? refuse(
            'ignore-not-first',
            `\`${RULE}\` is not the first line of the list of exclusions (.stignore), so a line above could undo it. ${cure}`,
          )
        : refuse(
            'ignore-missing',
            `The list of exclusions (.stignore) does not begin with \`${RULE}\`: the cloud could write into Approved. ${cure}`,
          ),
    );
  }
  if (lines.some((line) => /^(\([?]i\)|!)*\([?]d\)/.test(line))) {
    out.push(
      warn(
        'ignore-deletable',
        `A line of the list of exclusions (.stignore) has \`(?d)\`: with it the cloud can delete what is excluded, guard files too. ${cure}`,
      ),
    );
  } else if (!lines.includes('.keep')) {
    out.push(
      warn(
        'guard-not-ignored',
        `The list of exclusions (.stignore) does not hold \`.keep\`: the cloud can delete or replace a state folder. ${cure}`,
      ),
    );
  }
  return out;
}

/** Do these two share files? Null when it cannot be told. */
function overlaps(one: Place, other: Place): boolean | null {
  if (one.chain === null || other.chain === null) return null;
  return (
    (one.self !== null && other.chain.includes(one.self)) ||
    (other.self !== null && one.chain.includes(other.self)) ||
    // Neither needs to exist yet: Syncthing makes the folder as soon as it is shared.
    within(one.path, other.path) ||
    within(other.path, one.path)
  );
}

function within(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function otherFolderFindings(facts: TopologyFacts, syncthing: SyncthingFacts): TopologyFinding[] {
  const out: TopologyFinding[] = [];
  for (const folder of syncthing.folders) {
    if (folder.id === facts.folder) continue;
    const strangers = strangersOf(folder, facts, syncthing);
    if (strangers.length === 0) continue;
    const who = strangers.map(short).join(', ');
    if (folder.id === `${facts.folder}-approved`) {
      out.push(
        refuse(
          'approved-shared',
          `The folder ${folder.id} is shared with ${who}, which SYNCTHING_TRUSTED_DEVICES does not name. Stop sharing it, or add the device if it is yours.`,
        ),
      );
      continue;
    }
    const answers = [overlaps(folder.place, facts.vault), overlaps(folder.place, facts.approved)];
    if (answers.includes(true)) {
      out.push(
        refuse(
          'overlap',
          `Syncthing's folder ${folder.id} (${folder.place.path}) holds the vault or a part of it and is shared with ${who}: the list of exclusions does not count there. Stop sharing it, or move the vault.`,
        ),
      );
    } else if (answers.includes(null)) {
      out.push(
        refuse(
          'place-unknown',
          `It cannot be seen where Syncthing's folder ${folder.id} (${folder.place.path}) lies, and it is shared with ${who}. Run Syncthing and Handover as the same user, or stop sharing it.`,
        ),
      );
    }
  }
  if (syncthing.approvedSharedBy.length > 0) {
    out.push(
      refuse(
        'trusted-device-leaks',
        `Your device ${syncthing.approvedSharedBy.map(short).join(', ')} carries Approved in the folder that the cloud shares too. Make \`${RULE}\` the first line of its ignore patterns.`,
      ),
    );
  }
  if (syncthing.links > 0) {
    out.push(
      refuse(
        'links',
        `There are symbolic links in the vault (${syncthing.links}); one that leads to Approved would turn a move elsewhere into a yes. Delete them: \`find "$VAULT_DIR" -type l\`.`,
      ),
    );
  }
  return out;
}

function warnings(facts: TopologyFacts, syncthing: SyncthingFacts): TopologyFinding[] {
  const out: TopologyFinding[] = [];
  const vault = syncthing.folders.find((one) => one.id === facts.folder);
  if (vault?.maxConflicts === 0) {
    out.push(
      warn(
        'no-conflict-copies',
        'Syncthing keeps no conflict copies of the vault: a version that loses a conflict is gone. Run `handover sync apply`.',
      ),
    );
  }
  if (vault && !vault.versioned) {
    out.push(
      warn(
        'no-versions',
        'Syncthing keeps no versions of the vault on this machine: what the cloud deletes is gone. Run `handover sync apply`.',
      ),
    );
  }
  const approved = syncthing.folders.find((one) => one.id === `${facts.folder}-approved`);
  if (approved && approved.place.self !== facts.approved.self) {
    out.push(
      warn(
        'approved-elsewhere',
        `Syncthing's folder ${approved.id} is ${approved.place.path} and not the vault's Approved: what you approve on your phone does not arrive.`,
      ),
    );
  }
  if (syncthing.guiAddress !== null && !isLoopback(syncthing.guiAddress)) {
    out.push(
      warn(
        'gui-open',
        `Syncthing's own interface can be reached from the network (${syncthing.guiAddress}). Set it to 127.0.0.1:8384.`,
      ),
    );
  }
  return out;
}

/** `127.0.0.1:8384`, `localhost:8384`, `[::1]:8384`, or a socket's path. */
function isLoopback(address: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\]):\d+$/.test(address) || address.startsWith('/');
}
