import type { Command, Redis } from 'ioredis';
import { afterListening } from '../../listening-timer.js';

/**
 * Rejects a command that has no reply after `ms`. The `commandTimeout` of ioredis does too, but also when this process was blocked and
 * did not look, and with a timer for each command.
 *
 * Upstream: every command goes through `sendCommand` of its client, and says in `isSettled` whether it has its reply.
 */
export function limitReplies(client: Redis, ms: number): void {
  /** In the order of their time, which is the order of the replies too. */
  const waiting = new Map<Command, number>();
  let isWatched = false;

  const look = () => {
    isWatched = false;
    const now = performance.now();
    for (const [command, due] of waiting) {
      if (!command.isSettled && due > now) return watch(due - now);
      waiting.delete(command);
      if (!command.isSettled) command.reject(new Error('Command timed out'));
    }
  };
  const watch = (delay: number) => {
    isWatched = true;
    // What waits for a reply has a socket that keeps the process alive.
    afterListening(delay, look, false);
  };
  const forgetSettled = () => {
    for (const command of waiting.keys()) {
      if (!command.isSettled) return;
      waiting.delete(command);
    }
  };

  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    forgetSettled();
    // Sent again after a redirection, it keeps its time.
    if (!waiting.has(command)) waiting.set(command, performance.now() + ms);
    if (!isWatched) watch(ms);
    return send(command, stream);
  };
}
