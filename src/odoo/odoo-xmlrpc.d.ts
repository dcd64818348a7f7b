/** npm `odoo-xmlrpc` 1.0.8, as far as it is used; it brings no types. */
declare module 'odoo-xmlrpc' {
  interface Config {
    readonly url: string;
    readonly port?: number;
    readonly db: string;
    readonly username: string;
    readonly password: string;
  }
  /** `error`: null, an Error with `faultCode`, `faultString`, `req`, `res`, `body`, or a plain `{ message }`. */
  type Callback = (error: unknown, value: unknown) => void;
  class Odoo {
    constructor(config: Config);
    connect(callback: Callback): void;
    /** `params`: [positional, named]. */
    execute_kw(model: string, method: string, params: readonly unknown[], callback: Callback): void;
  }
  export = Odoo;
}
