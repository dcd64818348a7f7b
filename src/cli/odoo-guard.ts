/** `handover odoo guard`: the rules in Odoo that let the cloud's user draft and not post. */
import { Command } from 'commander';
import { guardCheckVerb } from './odoo-guard-check.ts';
import { guardInstallVerb } from './odoo-guard-install.ts';
import type { VerbContext } from './verb.ts';

export function odooCommand(context: VerbContext): Command {
  const guard = new Command('guard')
    .description('the rules in Odoo that let the cloud draft and not post')
    .addCommand(guardInstallVerb(context))
    .addCommand(guardCheckVerb(context));
  return new Command('odoo').description('the Odoo of this company').addCommand(guard);
}
