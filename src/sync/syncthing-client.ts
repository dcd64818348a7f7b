import type { z } from 'zod';
import { HttpJson, SyncthingFault } from './http-json.ts';
import {
  completionAnswer,
  connectionsAnswer,
  type DeviceConfig,
  deviceConfig,
  deviceStatsAnswer,
  eventsAnswer,
  type FolderConfig,
  fileAnswer,
  folderConfig,
  folderErrorsAnswer,
  folderStatusAnswer,
  ignoresAnswer,
  type SyncthingConfig,
  syncthingConfig,
  systemStatus,
  systemVersion,
} from './wire.ts';

export { SyncthingFault } from './http-json.ts';
export type { DeviceConfig, FolderConfig, SyncthingConfig } from './wire.ts';

export type FileStatus = z.output<typeof fileAnswer>;
export type FileVersion = FileStatus['global'];
/** `since`: when this connection was made, ms since the epoch; null when there is none or nobody says. */
export interface Connection {
  readonly connected: boolean;
  readonly paused: boolean;
  readonly since: number | null;
}
export type FolderStatus = z.output<typeof folderStatusAnswer>;
export type Completion = z.output<typeof completionAnswer>;
export type Ignores = z.output<typeof ignoresAnswer>;
export type SyncthingEvent = z.output<typeof eventsAnswer>[number];

/** Answers in milliseconds on an idle machine; a folder of 12,000 files is scanned whole in a quarter of a second. */
const DEADLINE_MS = 10_000;
const SCAN_DEADLINE_MS = 60_000;
/** How Syncthing writes "never": the first moment of Unix, or of Go. */
const NEVER = /^(1970|0001)-01-01T/;

/**
 * The REST API of one Syncthing, 1.19 to 2.x. Every call has a deadline and fails as SyncthingFault; what it
 * returns was checked. Nothing is cached and nothing is retried but a call on a connection that was gone.
 */
export class Syncthing {
  readonly #http: HttpJson;
  readonly #deadlineMs: number;

  constructor(deps: { readonly url: string; readonly apiKey: string; readonly deadlineMs?: number }) {
    this.#http = new HttpJson(deps.url, { 'x-api-key': deps.apiKey });
    this.#deadlineMs = deps.deadlineMs ?? DEADLINE_MS;
  }

  /** `startedAt` changes with every start, to the second; `version` is such as `v1.19.2-ds1`. */
  async system(): Promise<{ readonly myId: string; readonly startedAt: string; readonly version: string }> {
    const [status, { version }] = await Promise.all([
      this.#get('system/status', {}, systemStatus),
      this.#get('system/version', {}, systemVersion),
    ]);
    return { myId: status.myID, startedAt: status.startTime, version };
  }

  /** By device id; the own device is among them, never connected. */
  async connections(): Promise<ReadonlyMap<string, Connection>> {
    const { connections } = await this.#get('system/connections', {}, connectionsAnswer);
    return new Map(
      Object.entries(connections).map(([id, { connected, paused, startedAt }]) => [
        id,
        { connected, paused, since: connected ? timeOf(startedAt ?? '') : null },
      ]),
    );
  }

  /** By device id. `lastSeen`: ms since the epoch, null for a device that was never connected. */
  async deviceStats(): Promise<ReadonlyMap<string, { readonly lastSeen: number | null }>> {
    const stats = await this.#get('stats/device', {}, deviceStatsAnswer);
    return new Map(Object.entries(stats).map(([id, { lastSeen }]) => [id, { lastSeen: timeOf(lastSeen) }]));
  }

  config(): Promise<SyncthingConfig> {
    return this.#get('config', {}, syncthingConfig);
  }

  /** A new folder made from this keeps Syncthing's defaults (ten conflict copies, not none). */
  defaultsFolder(): Promise<FolderConfig> {
    return this.#get('config/defaults/folder', {}, folderConfig);
  }

  defaultsDevice(): Promise<DeviceConfig> {
    return this.#get('config/defaults/device', {}, deviceConfig);
  }

  putFolder(folder: FolderConfig): Promise<void> {
    return this.#send('PUT', `config/folders/${encodeURIComponent(folder.id)}`, folder);
  }

  putDevice(device: DeviceConfig): Promise<void> {
    return this.#send('PUT', `config/devices/${encodeURIComponent(device.deviceID)}`, device);
  }

  patchFolder(id: string, part: Partial<FolderConfig>): Promise<void> {
    return this.#send('PATCH', `config/folders/${encodeURIComponent(id)}`, part);
  }

  patchDevice(id: string, part: Partial<DeviceConfig>): Promise<void> {
    return this.#send('PATCH', `config/devices/${encodeURIComponent(id)}`, part);
  }

  patchOptions(part: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#send('PATCH', 'config/options', part);
  }

  /** `expanded` is what is in force, includes resolved; `error` is told from 1.20 on. */
  ignores(folder: string): Promise<Ignores> {
    return this.#get('db/ignores', { folder }, ignoresAnswer);
  }

  setIgnores(folder: string, lines: readonly string[]): Promise<void> {
    return this.#send('POST', `db/ignores${query({ folder })}`, { ignore: lines });
  }

  /**
   * Returns when `subs` (files or folders, relative; a deleted one too) were scanned; none: the whole folder.
   * Syncthing does not check the paths, so the caller does.
   */
  scan(folder: string, subs: readonly string[], signal?: AbortSignal): Promise<void> {
    const deadlineMs = Math.max(SCAN_DEADLINE_MS, this.#deadlineMs);
    return this.#send('POST', `db/scan${query({ folder, sub: subs })}`, undefined, { deadlineMs, signal });
  }

  /** What Syncthing knows of one file; null when it was never seen in this folder. */
  async file(folder: string, path: string): Promise<FileStatus | null> {
    try {
      return await this.#get('db/file', { folder, file: path }, fileAnswer);
    } catch (error) {
      // "no such folder" has the same status and is no answer about the file.
      const absent = error instanceof SyncthingFault && error.status === 404;
      if (absent && !error.message.includes('folder')) return null;
      throw error;
    }
  }

  folderStatus(folder: string): Promise<FolderStatus> {
    return this.#get('db/status', { folder }, folderStatusAnswer);
  }

  completion(folder: string, device: string): Promise<Completion> {
    return this.#get('db/completion', { folder, device }, completionAnswer);
  }

  folderErrors(folder: string): Promise<readonly { readonly path: string; readonly error: string }[]> {
    return this.#get('folder/errors', { folder }, folderErrorsAnswer);
  }

  /**
   * Events with an id above `since`, oldest first; waits up to `timeoutS` for the first. `disk`: the changes of
   * files, buffered since Syncthing started; otherwise `types`, whose buffer begins with the first call that
   * names exactly these. `limit`: only the last so many.
   * @throws SyncthingFault `unreachable` when `signal` aborts
   */
  events(q: {
    readonly since: number;
    readonly types?: readonly string[];
    readonly disk?: boolean;
    readonly limit?: number;
    readonly timeoutS: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly SyncthingEvent[]> {
    const wish = {
      since: String(q.since),
      timeout: String(q.timeoutS),
      ...(q.limit === undefined ? {} : { limit: String(q.limit) }),
      ...(q.types === undefined ? {} : { events: q.types.join(',') }),
    };
    const deadlineMs = q.timeoutS * 1000 + this.#deadlineMs;
    return this.#get(q.disk === true ? 'events/disk' : 'events', wish, eventsAnswer, {
      deadlineMs,
      signal: q.signal,
    });
  }

  /** Ends what is under way (`unreachable`) and lets the connections go. */
  close(): void {
    this.#http.close();
  }

  async #get<S extends z.ZodType>(
    path: string,
    wish: Wish,
    schema: S,
    more: { readonly deadlineMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<z.output<S>> {
    const text = await this.#http.text({
      method: 'GET',
      path: `/rest/${path}${query(wish)}`,
      deadlineMs: more.deadlineMs ?? this.#deadlineMs,
      signal: more.signal,
    });
    const parsed = schema.safeParse(json(path, text));
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new SyncthingFault('malformed', `GET ${path}: unexpected answer at "${at}"`, null, parsed.error);
  }

  async #send(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    more: { readonly deadlineMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#http.text({
      method,
      path: `/rest/${path}`,
      body,
      deadlineMs: more.deadlineMs ?? this.#deadlineMs,
      signal: more.signal,
    });
  }
}

type Wish = Readonly<Record<string, string | readonly string[]>>;

function query(wish: Wish): string {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(wish)) {
    for (const one of typeof value === 'string' ? [value] : value) out.append(key, one);
  }
  return out.size === 0 ? '' : `?${out.toString()}`;
}

function json(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new SyncthingFault('malformed', `GET ${path}: no JSON`, null, error);
  }
}

function timeOf(stamp: string): number | null {
  const at = Date.parse(stamp);
  return Number.isNaN(at) || NEVER.test(stamp) ? null : at;
}
