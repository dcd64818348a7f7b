import { setTimeout as sleep } from 'node:timers/promises';
import type { Dovecot } from '../../tests/helpers/dovecot.ts';
import { FOLDER, type SyncPair } from '../../tests/helpers/syncthing.ts';
import { makeHost } from '../host.ts';
import { idleClient } from '../idle-client.ts';
import { benchMail } from '../mails.ts';
import { watchArrivals } from '../arrivals.ts';

/** Milliseconds from "LMTP said it is in INBOX", one entry per mail. */
export interface StoryTimes {
  /** To `EXISTS` at an imapflow client in IDLE on the same mailbox: Dovecot waits half a second. */
  readonly told: number[];
  /** To the card in the cloud's own `Pending_Approval`. */
  readonly offered: number[];
  /** To the card in the laptop's. */
  readonly visible: number[];
}

const OFFERED = 'Pending_Approval/email';
const WARM_UP = 3;

/** The real watcher and replier on the cloud, two real Syncthings, and nobody on the laptop but who looks. */
export async function measureStory(world: {
  readonly folder: string;
  readonly dovecot: Dovecot;
  readonly smtpPort: number;
  readonly pair: SyncPair;
  readonly samples: number;
}): Promise<StoryTimes> {
  const { dovecot, pair, samples } = world;
  const user = 'story';
  const host = await makeHost({
    folder: world.folder,
    imap: dovecot.user(user),
    smtpPort: world.smtpPort,
    backfillDays: 0,
    vault: pair.cloud.vault,
    more: {
      SYNC: 'syncthing',
      SYNCTHING_URL: pair.cloud.url,
      SYNCTHING_API_KEY: pair.cloud.apiKey,
      SYNCTHING_FOLDER: FOLDER,
      SYNCTHING_PEER_DEVICE: pair.laptop.id,
    },
  });
  await pair.idle();
  const started = await Promise.all([host.start('cloud-email-watcher'), host.start('draft-replier')]);
  await Promise.all(started.map((process) => process.ready));
  const bare = await idleClient(dovecot.user(user));
  const here = await watchArrivals(pair.cloud.vault, [OFFERED]);
  const there = await watchArrivals(pair.laptop.vault, [OFFERED]);
  // Both clients have to be in IDLE.
  await sleep(500);
  const times: StoryTimes = { told: [], offered: [], visible: [] };
  try {
    for (let n = 1; n <= samples + WARM_UP; n += 1) {
      const moments = [bare.next(), here.next(OFFERED), there.next(OFFERED)] as const;
      await dovecot.deliver(user, benchMail(n, `${user}@example.com`).raw);
      const delivered = performance.now();
      const [told, offered, visible] = await Promise.all(moments);
      if (n > WARM_UP) {
        times.told.push(told - delivered);
        times.offered.push(offered.at - delivered);
        times.visible.push(visible.at - delivered);
      }
      // Out of step with Dovecot's half seconds, Syncthing's quarter ones and with every timer of ours.
      await sleep(350 + ((n * 137) % 450));
    }
  } finally {
    here.close();
    there.close();
    await bare.close();
    await host.stopAll();
  }
  return times;
}
