import { setTimeout as sleep } from 'node:timers/promises';
import { answeredMark, takeCensus } from './census.ts';
import { type Random, seededRandom } from './random.ts';
import { type Receipt } from './storm-checks.ts';
import { nextKind, nextSmtpFault, nextVictim, nextWish, STORM, type Victim } from './storm-plan.ts';
import { type Death, isEmailMcp, PROCESSES } from './supervisor.ts';
import { type Card, User } from './user.ts';
import { openWorld, type World } from './world.ts';

const HANDLER = 'approval-handler';

/** Mail comes in, a user works, and everything that can be killed is killed, until `calm` is called. */
export interface Storm {
  readonly world: World;
  readonly user: User;
  readonly marks: readonly string[];
  readonly receipts: readonly Receipt[];
  /** SIGKILLs of ours by victim, and deaths at named points. */
  readonly kills: ReadonlyMap<Victim, number>;
  readonly hits: ReadonlyMap<string, number>;
  /** email-mcp processes that were ever seen, and handlers whose email-mcp we killed. */
  readonly children: ReadonlySet<number>;
  readonly bereaved: ReadonlySet<number>;
  rage(seconds: number): Promise<void>;
  /** No faults any more; the user approves what is left and answers every question. Resolves when nothing moves. */
  calm(limitMs: number): Promise<void>;
}

export async function startStorm(seed: number): Promise<Storm> {
  const storm = new StormRun(seed);
  await storm.open();
  return storm;
}

class StormRun implements Storm {
  world!: World;
  user!: User;
  readonly marks: string[] = [];
  readonly receipts: Receipt[] = [];
  readonly kills = new Map<Victim, number>();
  readonly hits = new Map<string, number>();
  readonly children = new Set<number>();
  readonly bereaved = new Set<number>();
  #raging = false;
  readonly #killedChildren = new Set<number>();
  /** One stream of choices for each hand at work, so that none depends on how fast another was. */
  readonly #random: Record<'mail' | 'user' | 'killer' | 'restart' | 'smtp', Random>;

  constructor(seed: number) {
    const stream = (n: number) => seededRandom(seed * 8 + n);
    this.#random = {
      mail: stream(1),
      user: stream(2),
      killer: stream(3),
      restart: stream(4),
      smtp: stream(5),
    };
  }

  async open(): Promise<void> {
    this.world = await openWorld({
      onDeath: (death) => this.#afterDeath(death),
      smtp: {
        hooks: {
          fault: () => (this.#raging ? nextSmtpFault(this.#random.smtp) : undefined),
          onMail: ({ raw }) => {
            const mark = answeredMark(raw) ?? 'unknown';
            this.receipts.push({ mark, raw: raw.toString(), afterActs: this.user.acts.length });
            return Promise.resolve();
          },
        },
      },
    });
    this.user = new User(this.world.vault, (mark) => this.#received(mark));
    for (const name of PROCESSES) await this.world.processes.start(name);
  }

  #received(mark: string): number {
    return this.receipts.filter((receipt) => receipt.mark === mark).length;
  }

  #afterDeath(death: Death): { afterMs: number; crashAt?: string | undefined } {
    if (death.signal === 'SIGKILL' && !death.byUs) this.#hit(death.crashAt);
    if (!this.#raging) return { afterMs: 0 };
    const random = this.#random.restart;
    return { afterMs: random.between(...STORM.restartAfterMs), crashAt: nextWish(random, death.name) };
  }

  #hit(crashAt: string | null): void {
    const point = crashAt?.split('@')[0] ?? 'none';
    this.hits.set(point, (this.hits.get(point) ?? 0) + 1);
  }

  async rage(seconds: number): Promise<void> {
    this.#raging = true;
    const over = sleep(seconds * 1000).then(() => {
      this.#raging = false;
    });
    const { mail, user, killer } = this.#random;
    await Promise.all([
      over,
      this.#repeat(mail, STORM.mailEveryMs, () => this.#mailArrives()),
      this.#repeat(user, STORM.userEveryMs, () => this.#userActs(user)),
      this.#repeat(killer, STORM.killEveryMs, () => this.#killOne()),
      this.#watchChildren(),
    ]);
  }

  async #repeat(random: Random, everyMs: readonly [number, number], act: () => unknown) {
    while (this.#raging) {
      await sleep(random.between(...everyMs));
      await act();
    }
  }

  async #mailArrives(): Promise<string> {
    const mark = `m${String(this.marks.length + 1).padStart(4, '0')}`;
    await this.world.deliver({ mark, kind: this.#raging ? nextKind(this.#random.mail) : 'plain' });
    this.marks.push(mark);
    return mark;
  }

  #userActs(random: Random): void {
    const { user } = this;
    const approved = user.cards('Approved');
    if (approved.length > 0 && random.chance(0.1)) user.takeBack(random.pick(approved));
    const cards = user.cards();
    if (cards.length === 0) return;
    // Now and then five at once, as somebody who has read them all does.
    const count = random.chance(0.1) ? 5 : 1;
    for (let i = 0; i < count; i++) {
      const card = random.pick(cards);
      if (random.chance(0.25)) user.edit(card);
      if (card.isQuestion) this.#answer(card, random);
      else if (random.chance(0.1)) user.reject(card);
      else user.approve(card);
    }
  }

  /** As somebody who asks the addressee by telephone, and sometimes does not. */
  #answer(card: Card, random: Random): void {
    const arrived = this.#received(card.mark) > 0;
    if (random.chance(0.15) ? arrived : !arrived) this.user.approve(card);
    else this.user.reject(card);
  }

  #killOne(): void {
    const victim = nextVictim(this.#random.killer);
    const { processes } = this.world;
    const doomed = processes.crashAt(victim === 'email-mcp' ? HANDLER : victim) !== null;
    // It is to die at a point of its own; give it a chance to get there.
    if (doomed && this.#random.killer.chance(0.7)) return;
    if (victim === 'email-mcp') {
      const [child] = processes.emailMcps();
      if (child === undefined) return;
      this.#killedChildren.add(child);
      this.bereaved.add(processes.pid(HANDLER) ?? 0);
      try {
        process.kill(child, 'SIGKILL');
      } catch {
        return;
      }
    } else if (!processes.kill(victim)) return;
    this.kills.set(victim, (this.kills.get(victim) ?? 0) + 1);
  }

  /** email-mcp dies at named points in silence; its successor would too, so the handler goes down with it. */
  async #watchChildren(): Promise<void> {
    const { processes } = this.world;
    let seen: { child: number; handler: number } | null = null;
    while (this.#raging) {
      const handler = processes.pid(HANDLER);
      const [child] = processes.emailMcps();
      const ended = seen !== null && seen.handler === handler && !isEmailMcp(seen.child) ? seen.child : null;
      if (ended !== null && !this.#killedChildren.has(ended)) {
        this.#hit(processes.crashAt(HANDLER));
        processes.kill(HANDLER);
        seen = null;
      } else seen = handler !== undefined && child !== undefined ? { handler, child } : null;
      if (child !== undefined) this.children.add(child);
      await sleep(15);
    }
  }

  async calm(limitMs: number): Promise<void> {
    const end = Date.now() + limitMs;
    for (const name of PROCESSES) await this.world.processes.replace(name);
    while (Date.now() < end && !(await this.#settled())) await sleep(250);
    if (await this.#settled()) {
      // One more mail, all the way: every process has had a look at everything that lay there before it.
      const last = await this.#mailArrives();
      while (Date.now() < end && !((await this.#settled()) && this.#received(last) > 0)) await sleep(250);
    }
    for (const child of this.world.processes.emailMcps()) this.children.add(child);
    await this.world.processes.stop();
  }

  /** Lets the user act on what is left; says whether there was nothing. */
  async #settled(): Promise<boolean> {
    for (const card of this.user.cards()) {
      if (card.isQuestion && this.#received(card.mark) > 0) this.user.reject(card);
      else this.user.approve(card);
    }
    const { notes } = await takeCensus(this.world.vault);
    const waits = [...notes.values()].flat().some((place) => !/^(Done|Rejected|Skipped)/.test(place.folder));
    return !waits && this.marks.every((mark) => notes.has(mark)) && (await this.world.active()).length === 0;
  }
}

export async function orphans(children: ReadonlySet<number>): Promise<number[]> {
  // One that was sending when its handler died may finish that first.
  for (let tries = 0; tries < 100 && [...children].some(isEmailMcp); tries++) await sleep(100);
  return [...children].filter(isEmailMcp);
}

/** One line each, for whoever reads the test's output. */
export function report(storm: Storm, seconds: number): string {
  const { kills, hits, marks, receipts, user } = storm;
  const count = (...what: readonly string[]) => user.acts.filter((act) => what.includes(act.did)).length;
  const list = (map: ReadonlyMap<string, number>) =>
    [...map]
      .sort()
      .map(([name, n]) => `${name} ${n}`)
      .join(', ') || 'none';
  const sum = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((a, b) => a + b, 0);
  return [
    `${sum(kills)} kills at random: ${list(kills)}`,
    `${sum(hits)} deaths at ${hits.size} named points: ${list(hits)}`,
    `${marks.length} mails, ${count('approve')} approvals, ${count('take-back', 'take-answer-back')} taken back, ${count('reject')} rejected`,
    `${receipts.length} replies received by the SMTP server, ${count('send-again', 'do-not-send-again') - count('take-answer-back')} in-doubt questions answered (${count('send-again')} "send again")`,
    `${Math.round(seconds)} seconds`,
  ].join('\n');
}
