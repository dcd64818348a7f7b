import { join } from 'node:path';
import type { NoticeCause } from '../core/notices.ts';
import type { Agent } from '../core/states.ts';
import type { Clock } from '../runtime/clock.ts';
import { readHappenings } from '../runtime/happenings.ts';
import type { Logger } from '../runtime/logger.ts';
import { noticeNews, SOON } from '../stages/notice-news.ts';
import { type NoticeWay, sendNotices } from '../stages/notices.ts';
import type { Vault } from '../vault/vault.ts';
import { DesktopFault, showOnDesktop } from './desktop.ts';
import { NtfyFault, publishToNtfy } from './ntfy.ts';

export interface NoticeSettings {
  readonly NOTIFY: readonly ('desktop' | 'ntfy' | 'mail')[];
  readonly NOTIFY_ON: readonly NoticeCause[];
  readonly NTFY_URL: string;
  readonly NTFY_TOKEN: string;
}

interface NoticeHost {
  readonly vault: Vault;
  readonly stateDir: string;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: { note(about: string, words: string | null): void };
  readonly environment: Readonly<Record<string, string>>;
}

/** Desktop and ntfy. A mail to oneself leaves by the approval handler, which alone has somebody who can send. */
export function startNotices(host: NoticeHost, settings: NoticeSettings): { stop(): Promise<void> } {
  const { vault, stateDir, clock, log, health } = host;
  const stopping = new AbortController();
  const finished = sendNotices(
    {
      folder: join(stateDir, 'notices'),
      ways: waysOf(host, settings),
      causes: settings.NOTIFY_ON,
      news: noticeNews({
        ...SOON,
        vault,
        now: () => clock.now(),
        happenings: () => readHappenings(stateDir, clock.now()),
      }),
      clock,
      onWay: (way, error) => {
        if (error !== null) log.warn({ way, err: error }, 'a notice was not told');
        health.note(`notice:${way}`, error === null ? null : faultWords(way, error));
      },
    },
    stopping.signal,
  );
  return {
    stop: async () => {
      stopping.abort();
      await finished;
    },
  };
}

function waysOf({ agent, health, environment }: NoticeHost, settings: NoticeSettings): readonly NoticeWay[] {
  const ways: NoticeWay[] = [];
  // A server has no desktop.
  if (settings.NOTIFY.includes('desktop') && agent === 'local-agent') {
    ways.push({ name: 'desktop', gapMs: 0, send: (notice) => told(showOnDesktop(notice, environment)) });
  }
  if (!settings.NOTIFY.includes('ntfy')) return ways;
  const { NTFY_URL: url, NTFY_TOKEN: token } = settings;
  if (url === '')
    health.note('notice:ntfy', 'NOTIFY says ntfy, and NTFY_URL is empty: no notices are sent that way.');
  else ways.push({ name: 'ntfy', gapMs: 0, send: (notice) => told(publishToNtfy({ url, token }, notice)) });
  return ways;
}

async function told(done: Promise<void>): Promise<'told'> {
  await done;
  return 'told';
}

/** Words of ours alone. */
function faultWords(way: string, error: unknown): string {
  if (error instanceof NtfyFault) return `No notice by ntfy: ${error.message}.`;
  if (error instanceof DesktopFault) return `No notice on the desktop: ${error.message}.`;
  return `No notice by ${way}: see the log of health-monitor.`;
}
