import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { Dovecot } from '../tests/helpers/dovecot.ts';
import { until } from '../tests/helpers/until.ts';
import { type Arrivals, watchArrivals } from './arrivals.ts';
import type { Host } from './host.ts';
import { idleClient } from './idle-client.ts';
import { benchMail } from './mails.ts';

/** Milliseconds, one entry per mail. */
export interface Latencies {
  readonly deliveryToTold: number[];
  readonly deliveryToNote: number[];
  readonly noteToOffer: number[];
  readonly moveTo250: number[];
  /** A mail of the same size handed over by nodemailer and nothing else. */
  readonly bare250: number[];
}

const INBOX = 'Needs_Action/email';
const OFFERED = 'Pending_Approval/email';
/** The first mails meet code that is not compiled yet. */
const WARM_UP = 5;

/** One mail after the other through all processes, each waited for to the end. */
export async function measureLatency(world: {
  readonly dovecot: Dovecot;
  /** Calls the listener when the server is about to say 250. */
  readonly smtp: { readonly port: number; onMail(listener: () => void): void };
  readonly host: Host;
  readonly user: string;
  readonly samples: number;
}): Promise<Latencies> {
  const { dovecot, host, user, samples } = world;
  const result: Latencies = {
    deliveryToTold: [],
    deliveryToNote: [],
    noteToOffer: [],
    moveTo250: [],
    bare250: [],
  };
  await host.startAll();
  const bare = await idleClient(dovecot.user(user));
  const arrivals = await watchArrivals(host.vault, [INBOX, OFFERED]);
  // Both clients have to be in IDLE.
  await sleep(500);
  for (let n = 1; n <= samples + WARM_UP; n += 1) {
    const one = await follow(world, arrivals, bare.next(), n);
    if (n <= WARM_UP) continue;
    result.deliveryToTold.push(one.told);
    result.deliveryToNote.push(one.note);
    result.noteToOffer.push(one.offer);
    result.moveTo250.push(one.sent);
    result.bare250.push(one.bareSent);
  }
  arrivals.close();
  await bare.close();
  await host.stopAll();
  return result;
}

async function follow(
  world: Parameters<typeof measureLatency>[0],
  arrivals: Arrivals,
  told: Promise<number>,
  n: number,
): Promise<{ told: number; note: number; offer: number; sent: number; bareSent: number }> {
  const { dovecot, smtp, host, user } = world;
  const note = arrivals.next(INBOX);
  const offer = arrivals.next(OFFERED);
  await dovecot.deliver(user, benchMail(n, `${user}@example.com`).raw);
  const delivered = performance.now();
  const [toldAt, noteAt, offered] = await Promise.all([told, note, offer]);
  const accepted = nextAccepted(smtp);
  const moved = performance.now();
  await rename(join(host.vault, OFFERED, offered.name), join(host.vault, 'Approved', offered.name));
  const sent = (await accepted) - moved;
  await until(`${offered.name} in Done`, () => isDone(host, offered.name));
  const bareSent = await submitBare(smtp, user, n);
  // Out of step with Dovecot's half seconds and with every timer of ours.
  await sleep(100 + ((n * 37) % 150));
  return {
    told: toldAt - delivered,
    note: noteAt.at - delivered,
    offer: offered.at - noteAt.at,
    sent,
    bareSent,
  };
}

async function isDone(host: Host, name: string): Promise<boolean> {
  const files = await readdir(join(host.vault, 'Done'), { recursive: true });
  return files.some((path) => path.endsWith(name));
}

type Smtp = Parameters<typeof measureLatency>[0]['smtp'];

function nextAccepted(smtp: Smtp): Promise<number> {
  return new Promise((resolve) => smtp.onMail(() => resolve(performance.now())));
}

async function submitBare(smtp: Smtp, user: string, n: number): Promise<number> {
  const transport = createTransport({ host: '127.0.0.1', port: smtp.port, ignoreTLS: true });
  const envelope = { from: `${user}@example.com`, to: [`person${n}@example.org`] };
  const accepted = nextAccepted(smtp);
  const started = performance.now();
  await transport.sendMail({ raw: benchMail(1, user).raw, envelope });
  transport.close();
  return (await accepted) - started;
}
