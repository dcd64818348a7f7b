import { char } from '../orm/field.ts';
import { INVOICING } from './groups.ts';
import { modelOf, SYSTEM_ONLY } from './model-of.ts';
import type { Access, Model } from '../orm/shapes.ts';

const OF_INVOICING: Access = {
  read: [INVOICING],
  write: [INVOICING],
  create: [INVOICING],
  unlink: [INVOICING],
};

const power = (name: string, label: string, access: Access): Model =>
  modelOf({ name, label, access, fields: { name: char('Name') } });

/** Models that this server does not play, and whose rights are asked: they post by another door, or undo the guard. */
export const POWERS: readonly Model[] = [
  power('account.payment', 'Payments', OF_INVOICING),
  power('account.payment.register', 'Pay', OF_INVOICING),
  power('validate.account.move', 'Validate Account Move', OF_INVOICING),
  power('account.move.reversal', 'Account Move Reversal', OF_INVOICING),
  power('ir.actions.server', 'Server Actions', SYSTEM_ONLY),
  power('ir.cron', 'Scheduled Actions', SYSTEM_ONLY),
  power('ir.rule', 'Record Rule', SYSTEM_ONLY),
  power('ir.model.access', 'Model Access', SYSTEM_ONLY),
  power('ir.model.fields', 'Fields', SYSTEM_ONLY),
  power('ir.ui.view', 'View', SYSTEM_ONLY),
  power('ir.module.module', 'Module', SYSTEM_ONLY),
  power('ir.config_parameter', 'System Parameter', SYSTEM_ONLY),
];
