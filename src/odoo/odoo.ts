/**
 * What the rest of the program sees of an Odoo: one call, on whatever transport. Every operation of ours is made of
 * this; no tool and no note ever names a model or a method.
 */

export type OdooProtocol = 'json2' | 'jsonrpc' | 'xmlrpc';

/** JSON as Odoo takes and gives it. No undefined, no bigint, no NaN: refused before anything is sent. */
export type OdooValue =
  | null
  | boolean
  | number
  | string
  | readonly OdooValue[]
  | { readonly [key: string]: OdooValue };

export interface OdooCall {
  readonly model: string;
  readonly method: string;
  /** Records it is called on; null for a method of the model. An empty list is refused: Odoo would answer true. */
  readonly ids: readonly number[] | null;
  /** By name, in the order of the method's own parameters (JSON-RPC and XML-RPC to old servers send them by position). */
  readonly args: Readonly<Record<string, OdooValue>>;
  readonly context?: Readonly<Record<string, OdooValue>> | undefined;
}

export interface Odoo {
  readonly protocol: OdooProtocol;
  /** '19.0', '14.0'. */
  readonly version: string;
  /** Of the server, without a slash at the end. */
  readonly url: string;
  readonly db: string;
  /** The user of the key. */
  readonly uid: number;
  /** @throws OdooFault */
  call(call: OdooCall, signal?: AbortSignal): Promise<OdooValue>;
}
