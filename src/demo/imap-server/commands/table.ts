import type { Command } from '../session.ts';
import { append } from './append.ts';
import { capability } from './capability.ts';
import { close, expunge } from './expunge.ts';
import { fetch } from './fetch.ts';
import { id } from './id.ts';
import { idle } from './idle.ts';
import { list, lsub, namespace } from './list.ts';
import { authenticate, login } from './login.ts';
import { logout, noop } from './noop.ts';
import { search } from './search.ts';
import { examine, select, status, unselect } from './select.ts';
import { store } from './store.ts';

/** Every command this server knows, by name. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    ...[append, authenticate, capability, close, examine, expunge, fetch, id, idle, list],
    ...[login, logout, lsub, namespace, noop, search, select, status, store, unselect],
  ].map((command) => [command.name, command]),
);
