/**
 * THE table: one row per state folder. Everything that names a folder takes it from here, and tests
 * hold vault-template, docs/states.md and the processes against it.
 */

export type Agent = 'cloud-agent' | 'local-agent';
export type Mover = Agent | 'user' | 'orchestrator' | 'cloud-email-watcher';

export interface StateRow {
  /** Folder relative to the vault's root, `/` separated. */
  readonly folder: string;
  /** Does Syncthing carry it to the cloud? */
  readonly travelsToCloud: boolean;
  readonly createdBy: readonly Mover[];
  readonly movedOutBy: readonly Mover[];
  /** Folders (or `X/*` groups of this table) a note may go to next. */
  readonly next: readonly string[];
  /** Does a note here still wait for somebody? Finished states are never scanned as a whole. */
  readonly open: boolean;
}

export const STATES = [
  {
    folder: 'Needs_Action/email',
    travelsToCloud: true,
    createdBy: ['cloud-email-watcher', 'user', 'orchestrator'],
    movedOutBy: ['cloud-agent', 'local-agent', 'user', 'orchestrator', 'cloud-email-watcher'],
    next: ['In_Progress/cloud-agent', 'In_Progress/local-agent', 'Skipped', 'Quarantine', 'Conflicts'],
    open: true,
  },
  {
    folder: 'Needs_Action/odoo',
    travelsToCloud: true,
    createdBy: ['cloud-agent', 'user', 'orchestrator'],
    movedOutBy: ['cloud-agent', 'local-agent', 'user', 'orchestrator'],
    next: ['In_Progress/cloud-agent', 'In_Progress/local-agent', 'Quarantine', 'Conflicts'],
    open: true,
  },
  {
    folder: 'In_Progress/cloud-agent',
    travelsToCloud: true,
    createdBy: ['cloud-agent'],
    movedOutBy: ['cloud-agent'],
    next: [
      'Pending_Approval/email',
      'Pending_Approval/odoo',
      'Needs_Action/email',
      'Needs_Action/odoo',
      'Skipped',
      'Quarantine',
      'Conflicts',
    ],
    open: true,
  },
  {
    folder: 'In_Progress/local-agent',
    travelsToCloud: true,
    createdBy: ['local-agent'],
    movedOutBy: ['local-agent'],
    next: ['Done', 'Pending_Approval/email', 'Pending_Approval/odoo', 'Quarantine', 'Conflicts'],
    open: true,
  },
  {
    folder: 'Pending_Approval/email',
    travelsToCloud: true,
    createdBy: ['cloud-agent', 'local-agent', 'orchestrator'],
    movedOutBy: ['user', 'orchestrator'],
    next: ['Approved', 'Rejected', 'Needs_Action/email', 'Skipped', 'Conflicts'],
    open: true,
  },
  {
    folder: 'Pending_Approval/odoo',
    travelsToCloud: true,
    createdBy: ['cloud-agent', 'local-agent', 'orchestrator'],
    movedOutBy: ['user', 'orchestrator'],
    next: ['Approved', 'Rejected', 'Needs_Action/odoo', 'Conflicts'],
    open: true,
  },
  {
    folder: 'Approved',
    travelsToCloud: false,
    createdBy: ['user'],
    movedOutBy: ['local-agent', 'user', 'orchestrator'],
    next: ['In_Progress/local-agent', 'Conflicts'],
    open: true,
  },
  {
    folder: 'Rejected',
    travelsToCloud: true,
    createdBy: ['user'],
    movedOutBy: ['user', 'orchestrator'],
    next: ['Conflicts'],
    open: false,
  },
  {
    folder: 'Done',
    travelsToCloud: true,
    createdBy: ['local-agent'],
    movedOutBy: ['local-agent'],
    next: ['In_Progress/local-agent'],
    open: false,
  },
  {
    folder: 'Skipped',
    travelsToCloud: true,
    createdBy: ['cloud-email-watcher', 'cloud-agent', 'orchestrator'],
    movedOutBy: ['user', 'orchestrator'],
    next: ['Needs_Action/email', 'Conflicts'],
    open: false,
  },
  {
    folder: 'Quarantine',
    travelsToCloud: true,
    createdBy: ['cloud-agent', 'local-agent', 'cloud-email-watcher'],
    movedOutBy: ['user'],
    next: [],
    open: false,
  },
  {
    folder: 'Conflicts',
    travelsToCloud: true,
    createdBy: ['orchestrator', 'cloud-agent', 'local-agent'],
    movedOutBy: ['user'],
    next: [],
    open: false,
  },
] as const satisfies readonly StateRow[];

export type StateFolder = (typeof STATES)[number]['folder'];

/** Finished notes lie one level deeper, by month: `Done/2026-11`. */
export type DoneFolder = `Done/${number}-${number}`;
export type TaskFolder = StateFolder | DoneFolder;

export const OPEN_FOLDERS: readonly StateFolder[] = STATES.filter((s) => s.open).map((s) => s.folder);

/** Folders that are no task states but belong to the vault. */
export const OTHER_FOLDERS = [
  'Updates/cloud-agent',
  'Updates/local-agent',
  'Logs/cloud-agent',
  'Logs/local-agent',
  'Attachments',
  'Contacts',
  'Templates',
] as const;

export function inProgress(agent: Agent): 'In_Progress/cloud-agent' | 'In_Progress/local-agent' {
  return agent === 'cloud-agent' ? 'In_Progress/cloud-agent' : 'In_Progress/local-agent';
}

/** Where a finished note goes. `date` is `YYYY-MM…` in the vault's time zone. */
export function doneFolder(date: string): DoneFolder {
  const month = /^(\d{4})-(\d{2})/.exec(date);
  if (!month) throw new Error(`not a date: ${date}`);
  return `Done/${month[1]}-${month[2]}` as DoneFolder;
}
