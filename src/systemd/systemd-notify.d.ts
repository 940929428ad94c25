/** The package systemd-notify, which has no types of its own: starts the program of that name with `process.env`. */
declare module "systemd-notify" {
  function notify(message: { readonly ready?: boolean; readonly status?: string }): Promise<unknown>;
  export = notify;
}
