/** How this process reaches the servers of one account, secrets included. */
import type { OAuthSettings } from '../core/oauth-settings.ts';

export type Login =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  | { readonly type: 'oauth2'; readonly user: string; readonly oauth: OAuthSettings };

export interface ImapServer {
  readonly host: string;
  readonly port: number;
  readonly secure: 'true' | 'starttls' | 'false';
  readonly login: Login;
  readonly mailbox: string;
  readonly backfillDays: number;
}

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly secure: 'true' | 'starttls' | 'false';
  /** Null: the server wants none. */
  readonly login: Login | null;
  readonly sentCopy: 'auto' | 'append' | 'provider' | 'off';
}
