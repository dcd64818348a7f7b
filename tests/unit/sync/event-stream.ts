import type { ScriptedApi } from '../../helpers/scripted-api.ts';

interface Event {
  readonly id: number;
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
}

/** The events of one Syncthing, as its buffer of the last 1,000 gives them. */
export class EventStream {
  startedAt = '2026-11-21T00:00:00Z';
  capacity = 1000;
  #events: Event[] = [];
  #next = 1;
  #clock = 0;
  #waiting: (() => void)[] = [];

  serve(api: ScriptedApi): void {
    api.on('/rest/system/status', () => ({ json: { myID: 'ME', startTime: this.startedAt } }));
    api.on('/rest/system/version', { json: { version: 'v1.19.2' } });
    api.on('/rest/events/disk', async (call) => {
      const since = Number(call.searchParams.get('since'));
      const after = (): Event[] => this.#events.filter(({ id }) => id > since);
      if (after().length === 0 && call.searchParams.get('timeout') !== '0') {
        await new Promise<void>((resolve) => void this.#waiting.push(resolve));
      }
      const limit = Number(call.searchParams.get('limit') ?? Number.POSITIVE_INFINITY);
      return { json: after().slice(-Math.min(limit, 1e6)) };
    });
  }

  emit(path: string, more: { origin?: 'Local' | 'Remote'; folder?: string; data?: unknown } = {}): void {
    const time = `2026-11-21T00:00:${String(this.#clock / 1000)
      .slice(0, 2)
      .padStart(2, '0')}.${String(this.#clock++).padStart(9, '0')}Z`;
    const data = more.data ?? {
      action: 'modified',
      folder: more.folder ?? 'f',
      path,
      type: 'file',
      modifiedBy: 'AAAAAAA',
    };
    this.#events.push({ id: this.#next++, type: `${more.origin ?? 'Local'}ChangeDetected`, time, data });
    this.#events = this.#events.slice(-this.capacity);
    this.#wake();
  }

  /** One that Syncthing dropped, since its queue was full: its id is missing. */
  drop(): void {
    this.#next++;
  }

  restart(startedAt = this.startedAt): void {
    this.startedAt = startedAt;
    this.#events = [];
    this.#next = 1;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
