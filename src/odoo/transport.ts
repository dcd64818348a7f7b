import type { AllowedMethod } from './allow-list.ts';
import type { Asked } from './fault-of.ts';
import type { OdooCall, OdooProtocol, OdooValue } from './odoo.ts';

/** Where and as whom. Checked by open-odoo.ts. */
export interface Address {
  /** Without a slash at the end. */
  readonly url: string;
  readonly db: string;
  readonly username: string;
  readonly apiKey: string;
  readonly ca?: string | undefined;
}

export interface TransportCall {
  readonly call: OdooCall;
  readonly method: AllowedMethod;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One way to speak with Odoo. Knows nothing of what is allowed; only open-odoo.ts may use it. */
export interface Transport {
  readonly protocol: OdooProtocol;
  /** Proves the key. @returns the user's id @throws OdooFault */
  connect(deadlineMs: number, signal?: AbortSignal): Promise<number>;
  /** @throws OdooFault */
  call(call: TransportCall): Promise<OdooValue>;
}

export function askedOf(address: Address, writes: boolean): Asked {
  return { writes, db: address.db, secrets: [address.apiKey] };
}

/**
 * Arguments for `execute_kw`: by position as long as they follow the method's own order, since names differ between
 * versions; what stands behind a gap by name.
 */
export function splitArgs(
  call: OdooCall,
  method: AllowedMethod,
): {
  readonly positional: readonly OdooValue[];
  readonly named: Readonly<Record<string, OdooValue>>;
} {
  const positional: OdooValue[] = call.ids === null ? [] : [call.ids];
  const names = Object.keys(method.args);
  const gap = names.findIndex((name) => call.args[name] === undefined);
  const leading = gap === -1 ? names : names.slice(0, gap);
  for (const name of leading) positional.push(call.args[name] ?? null);
  const named = Object.fromEntries(Object.entries(call.args).filter(([name]) => !leading.includes(name)));
  return { positional, named: call.context === undefined ? named : { ...named, context: call.context } };
}
