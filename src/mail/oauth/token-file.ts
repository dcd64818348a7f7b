import { lstat, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errno } from '../../files/errno.ts';
import { writeDurably } from '../../files/durable.ts';
import { OAuthFault } from './token-source.ts';

const tokenText = z.string().regex(/^[\x21-\x7e]{1,16384}$/);

/**
 * What is kept of one account: STATE_DIR/tokens/<account>.json. Moments are milliseconds of this machine's clock,
 * counted from when the provider was asked, so that its clock need not agree with ours.
 */
const keptSchema = z.object({
  version: z.literal(1),
  /** Whom it may be shown to: never sent anywhere else. */
  tokenUrl: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()).max(50),
  accessToken: tokenText,
  refreshToken: tokenText,
  obtainedMs: z.number(),
  expiresMs: z.number(),
  loginMs: z.number(),
  /** The provider's last word, until the next login. */
  revoked: z.string().max(400).nullable(),
});
export type KeptTokens = z.infer<typeof keptSchema>;

const MAX_FILE_BYTES = 65_536;
const FOLDER = 'tokens';

/** One account's file. Only its owner can read it, and it is replaced whole. */
export class TokenFile {
  /** Also where the lock of this account lies. */
  readonly folder: string;
  readonly #path: string;
  readonly #account: string;

  constructor(stateDir: string, account: string) {
    if (!/^[a-z0-9-]{1,32}$/.test(account)) throw new Error('no name of an account');
    this.folder = join(stateDir, FOLDER);
    this.#path = join(this.folder, `${account}.json`);
    this.#account = account;
  }

  /** @throws OAuthFault not-logged-in, malformed */
  async read(): Promise<KeptTokens> {
    const text = await this.#text();
    try {
      return keptSchema.parse(JSON.parse(text));
    } catch {
      throw new OAuthFault('malformed', `${this.#path} is damaged. Run: ${loginCommand(this.#account)}`);
    }
  }

  /** Durable when it resolves. */
  async write(tokens: KeptTokens): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeDurably(this.#path, `${JSON.stringify(tokens, null, 2)}\n`, 0o600);
  }

  async #text(): Promise<string> {
    try {
      const facts = await lstat(this.#path);
      if (!facts.isFile() || facts.size > MAX_FILE_BYTES) {
        throw new OAuthFault(
          'malformed',
          `${this.#path} is no file of tokens. Remove it and run: ${loginCommand(this.#account)}`,
        );
      }
      if ((facts.mode & 0o077) !== 0) {
        // Whoever could read it may have: a chmod alone would make it look safe again.
        throw new OAuthFault(
          'malformed',
          `${this.#path} can be read by other users of this machine, so it is not used. Run: chmod 600 ${this.#path}; if somebody else may have read it, also: ${loginCommand(this.#account)}`,
        );
      }
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof OAuthFault) throw error;
      if (errno(error) === 'ENOENT') {
        throw new OAuthFault(
          'not-logged-in',
          `nobody has logged in yet. Run: ${loginCommand(this.#account)}`,
        );
      }
      throw new OAuthFault('malformed', `${this.#path} cannot be read (${errno(error) ?? 'unknown'})`);
    }
  }
}

/** What the user is told to type. */
export function loginCommand(account: string): string {
  return account === 'default' ? 'handover login' : `handover login --account ${account}`;
}
