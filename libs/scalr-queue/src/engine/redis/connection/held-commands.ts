import type { Command } from 'ioredis';
import type { Reach } from './reach.js';
import type { RedisClient } from './redis.client.js';

type Send = (command: Command, stream?: never, node?: never) => unknown;

/** Upstream: what ioredis sends, through sendCommand as everything, to become ready. */
const HANDSHAKE = new Set(['hello', 'auth', 'select', 'client', 'info', 'readonly', 'cluster']);

/**
 * Holds the commands of a connection back while the attempt to connect is under way, at most for the time of a call; ioredis
 * would refuse each at once. Where that fails they are refused. None of them has been sent before.
 */
export function holdCommands(client: RedisClient, reach: Reach): void {
  const held: Parameters<Send>[] = [];
  const send = client.sendCommand.bind(client) as Send;
  const release = () => {
    for (const [command, ...rest] of held.splice(0)) if (!command.isSettled) send(command, ...rest);
  };
  const hold: Send = (command, ...rest) => {
    const outcome = reach.open || HANDSHAKE.has(command.name) ? undefined : reach.underWay;
    if (!outcome) return send(command, ...rest);
    if (held.push([command, ...rest]) === 1) void outcome.then(release);
    return command.promise;
  };
  client.sendCommand = hold as typeof client.sendCommand;
}
