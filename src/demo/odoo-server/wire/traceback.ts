import type { OdooError } from '../errors.ts';

/** What Odoo shows to every caller, as long as it is an error of the program's. Nobody should read it. */
export function traceback(error: OdooError): string {
  const name = error.pythonName.replace(/^builtins\./, '');
  return (
    'Traceback (most recent call last):\n' +
    '  File "/usr/lib/python3/dist-packages/odoo/http.py", line 2142, in _transactioning\n' +
    '    return service_model.retrying(func, env=self.env)\n' +
    `${name}: ${error.kind === 'KeyError' ? `'${error.message}'` : error.message.trimEnd()}\n`
  );
}
