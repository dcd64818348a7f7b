/**
 * What Syncthing's REST API answers, as far as we use it: 1.19.2 and 1.29.5 as measured, 2.x as documented.
 * Objects are loose: a newer release may say more. Lists that Syncthing leaves empty come as null.
 */
import { z } from 'zod';

const names = z.array(z.string()).nullish();
const count = z.number().int().min(0).catch(0);

/** `GET /rest/system/status` and `/rest/system/version`. `startTime` has a resolution of one second. */
export const systemStatus = z.looseObject({ myID: z.string().min(1), startTime: z.string().min(1) });
export const systemVersion = z.looseObject({ version: z.string() });

/** `GET /rest/system/connections`, by device id. */
export const connectionsAnswer = z.looseObject({
  connections: z.record(
    z.string(),
    z.looseObject({ connected: z.boolean(), paused: z.boolean(), startedAt: z.string().optional() }),
  ),
});

/** `GET /rest/stats/device`, by device id. */
export const deviceStatsAnswer = z.record(z.string(), z.looseObject({ lastSeen: z.string() }));

const TYPES = new Map<string | undefined, 'file' | 'dir' | 'symlink'>([
  ['FILE_INFO_TYPE_FILE', 'file'],
  ['FILE_INFO_TYPE_DIRECTORY', 'dir'],
  ['FILE_INFO_TYPE_SYMLINK', 'symlink'],
]);

const fileVersion = z
  .looseObject({
    deleted: z.boolean(),
    invalid: z.boolean().default(false),
    ignored: z.boolean().default(false),
    type: z.string().optional(),
    modifiedBy: z.string(),
    version: names,
    size: z.number(),
    modified: z.string(),
  })
  .transform((raw) => ({
    deleted: raw.deleted,
    type: TYPES.get(raw.type) ?? ('unknown' as const),
    modifiedBy: raw.modifiedBy,
    version: raw.version ?? [],
    size: raw.size,
    modified: raw.modified,
    invalid: raw.invalid,
    ignored: raw.ignored,
  }));

/** `GET /rest/db/file`. */
export const fileAnswer = z
  .looseObject({
    availability: z.array(z.looseObject({ id: z.string() })).nullish(),
    global: fileVersion,
    local: fileVersion,
  })
  .transform((raw) => ({
    availability: (raw.availability ?? []).map(({ id }) => id),
    global: raw.global,
    local: raw.local,
  }));

/** `GET /rest/db/status`. */
export const folderStatusAnswer = z.looseObject({
  state: z.string(),
  needTotalItems: count,
  errors: count,
  pullErrors: count,
  localFiles: count,
  globalFiles: count,
  sequence: count,
  error: z.string().optional(),
  ignorePatterns: z.boolean().optional(),
});

/** `GET /rest/db/completion`. It lies in three cases: for a claim ask for the availability of the file. */
export const completionAnswer = z.looseObject({
  completion: z.number(),
  needItems: count,
  needDeletes: count,
  remoteState: z.string().optional(),
});

/** `GET /rest/folder/errors`. */
export const folderErrorsAnswer = z
  .looseObject({ errors: z.array(z.looseObject({ path: z.string(), error: z.string() })).nullish() })
  .transform(({ errors }) => errors ?? []);

/** `GET /rest/db/ignores`. `error` is new in 1.20. */
export const ignoresAnswer = z
  .looseObject({ ignore: names, expanded: names, error: z.string().nullish() })
  .transform(({ ignore, expanded, error }) => ({
    lines: ignore ?? [],
    expanded: expanded ?? [],
    error: error ?? null,
  }));

/** One event; `data` depends on `type`. Ids are consecutive within one subscription and one start. */
export const eventsAnswer = z
  .array(
    z.looseObject({
      id: z.number().int().min(0),
      type: z.string(),
      time: z.string(),
      data: z.unknown(),
    }),
  )
  .nullable()
  .transform((events) => events ?? []);

export const folderConfig = z.looseObject({
  id: z.string(),
  label: z.string().optional(),
  path: z.string().optional(),
  type: z.string().optional(),
  devices: z.array(z.looseObject({ deviceID: z.string() })).default([]),
  rescanIntervalS: z.number().optional(),
  fsWatcherEnabled: z.boolean().optional(),
  fsWatcherDelayS: z.number().optional(),
  ignorePerms: z.boolean().optional(),
  ignoreDelete: z.boolean().optional(),
  maxConflicts: z.number().optional(),
  /** Known to 2.x only; there one second unless set. */
  pullerDelayS: z.number().optional(),
  paused: z.boolean().optional(),
  markerName: z.string().optional(),
});
export type FolderConfig = z.output<typeof folderConfig>;

export const deviceConfig = z.looseObject({
  deviceID: z.string(),
  name: z.string().optional(),
  addresses: z.array(z.string()).default([]),
  introducer: z.boolean().optional(),
  autoAcceptFolders: z.boolean().optional(),
  untrusted: z.boolean().optional(),
  paused: z.boolean().optional(),
});
export type DeviceConfig = z.output<typeof deviceConfig>;

export const syncthingConfig = z.looseObject({
  /** Of the format, not of the program: 36 in 1.19.2, 37 in 1.29.5. */
  version: z.number(),
  folders: z
    .array(folderConfig)
    .nullable()
    .transform((all) => all ?? []),
  devices: z
    .array(deviceConfig)
    .nullable()
    .transform((all) => all ?? []),
  options: z.looseObject({}),
});
export type SyncthingConfig = z.output<typeof syncthingConfig>;
