import type { At } from '../../core/crash-points.ts';
import type { Clock } from '../../runtime/clock.ts';
import { lockAccount } from './account-lock.ts';
import type { Grant } from './token-endpoint.ts';
import { type KeptTokens, loginCommand, type TokenFile } from './token-file.ts';
import { OAuthFault, type TokenSource } from './token-source.ts';

export interface KeptSourceDeps {
  readonly account: string;
  readonly file: TokenFile;
  readonly clock: Clock;
  /** Whom the tokens were got from; tokens of another are not shown to this one. */
  readonly tokenUrl: string;
  readonly clientId: string;
  /** @throws OAuthFault */
  readonly refresh: (refreshToken: string) => Promise<Grant>;
  readonly at: At;
}

/** A login and the first command behind it fit into this. */
const MARGIN_MS = 60_000;
/** A provider that does not say how long a token lasts gets asked this often; refused ones are renewed anyway. */
const UNSAID_SECONDS = 600;
/**
 * A token this young that a mail server refuses is not out of date: that server's clock is behind the provider's, or
 * it refuses for another reason. Renewing it in a circle would get the application locked.
 */
const YOUNG_MS = 60_000;

/**
 * The access of one account, out of its file. Any number of processes may use one file: who finds the token out of
 * date takes the account's lock, looks again, and only then asks the provider. What the provider gives is durable
 * before it is used, because a provider that rotates takes the old refresh token once.
 */
export class KeptSource implements TokenSource {
  readonly #deps: KeptSourceDeps;
  #underWay: Promise<string> | null = null;
  #given: string | null = null;
  #bad: string | null = null;

  constructor(deps: KeptSourceDeps) {
    this.#deps = deps;
  }

  token(): Promise<string> {
    this.#underWay ??= this.#get().finally(() => (this.#underWay = null));
    return this.#underWay;
  }

  refused(): Promise<void> {
    this.#bad = this.#given;
    return Promise.resolve();
  }

  async #get(): Promise<string> {
    const kept = await this.#read();
    this.#given = this.#isGood(kept) ? kept.accessToken : await this.#renew();
    return this.#given;
  }

  async #read(): Promise<KeptTokens> {
    const { account, file, tokenUrl, clientId } = this.#deps;
    const kept = await file.read();
    if (kept.tokenUrl !== tokenUrl || kept.clientId !== clientId) {
      throw new OAuthFault(
        'not-logged-in',
        `the last login was with another provider or application. Run: ${loginCommand(account)}`,
      );
    }
    if (kept.revoked !== null) throw revoked(account, kept.revoked);
    return kept;
  }

  #isGood(kept: KeptTokens): boolean {
    const now = this.#deps.clock.now();
    // Fetched in the future: the clock was set back, and how old the token is cannot be told any more.
    const young = now >= kept.obtainedMs && now - kept.obtainedMs < YOUNG_MS;
    if (kept.accessToken === this.#bad && !young) return false;
    // A token that lasts less than the margin is used for half of its life.
    const margin = Math.min(MARGIN_MS, (kept.expiresMs - kept.obtainedMs) / 2);
    return now >= kept.obtainedMs && now < kept.expiresMs - margin;
  }

  async #renew(): Promise<string> {
    const { account, file, clock, refresh, at } = this.#deps;
    const lock = await lockAccount({ folder: file.folder, account }, clock, async () => {
      const now = await this.#read();
      return this.#isGood(now) ? now.accessToken : null;
    });
    if ('found' in lock) return lock.found;
    try {
      const kept = await this.#read();
      if (this.#isGood(kept)) return kept.accessToken;
      const askedMs = clock.now();
      const grant = await refresh(kept.refreshToken).catch(async (error: unknown) => {
        if (!(error instanceof OAuthFault) || error.code !== 'revoked') throw error;
        // The others need not ask, and the user is told the same after a restart.
        await file.write({ ...kept, revoked: error.message });
        throw revoked(account, error.message);
      });
      at('tokens:received');
      await file.write({ ...kept, ...renewed(grant, kept.refreshToken, askedMs) });
      at('tokens:kept');
      return grant.accessToken;
    } finally {
      await lock.release();
    }
  }
}

/** What a grant makes of the file: the moments, and the refresh token to use next time. */
export function renewed(
  grant: Grant,
  before: string,
  askedMs: number,
): Pick<KeptTokens, 'accessToken' | 'refreshToken' | 'obtainedMs' | 'expiresMs' | 'revoked'> {
  return {
    accessToken: grant.accessToken,
    refreshToken: grant.refreshToken ?? before,
    obtainedMs: askedMs,
    expiresMs: askedMs + (grant.expiresIn ?? UNSAID_SECONDS) * 1000,
    revoked: null,
  };
}

function revoked(account: string, words: string): OAuthFault {
  // The cure first: where several accounts are unwell, the dashboard shows only the beginning.
  return new OAuthFault('revoked', `the login is no longer good, run: ${loginCommand(account)} (${words})`);
}
