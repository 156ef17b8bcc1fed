import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseWeakPasswords } from '../../access/credentials.js';
import type { ConsoleOptions } from '../../console/console.options.js';
import { accountsOf } from '../../console/console.settings.js';
import { createConsole } from '../../console/platform/create.console.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { onStopSignal } from '../processes/stop-signals.js';

/** Serves the console until it is told to stop. */
export async function serveConsole(
  cli: Cli,
  options: ConsoleOptions,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<void> {
  // It may be reached from anywhere, and sees every app.
  refuseWeakPasswords('console', accountsOf(options.accounts));
  Logger.overrideLogger(linesOf(cli));
  const handle = createConsole(options);
  const server = createServer(handle);
  try {
    server.listen(port, host);
    await once(server, 'listening');
    const { port: taken } = server.address() as AddressInfo;
    const where = host.includes(':') ? `[${host}]` : host;
    cli.note(
      `console at http://${where}:${taken}, ${options.writeRedis === undefined ? 'read-only' : 'with changes'}; Ctrl-C stops it`,
    );
    await new Promise<void>((stop) => onStopSignal(stop));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError(`the console cannot listen on ${host}:${port}: ${message}`);
  } finally {
    server.close();
    server.closeAllConnections();
    await handle.close();
  }
}

/** Its own lines; what Nest tells of the making of its modules is of no use here. */
function linesOf(cli: Cli) {
  const line =
    (level: string) =>
    (message: unknown, ...rest: unknown[]) => {
      if (rest.at(-1) === 'ScalrQueueConsole') cli.note(`${level}${String(message)}`);
    };
  return { log: line(''), warn: line('warning: '), error: line('error: '), fatal: line('error: ') };
}
