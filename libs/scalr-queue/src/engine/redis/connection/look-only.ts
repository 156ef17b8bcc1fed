import { Command, type Redis } from 'ioredis';
import type { RedisClient } from './redis.client.js';

const looking = new WeakSet<RedisClient>();

/** Whether nothing may be written over a connection. */
export const looksOnly = (client: RedisClient): boolean => looking.has(client);

const UNKNOWN = /unknown command/i;
const REFUSED = /NOPERM.*'eval(?:sha)?_ro'/;

/**
 * Sends every script over this connection as one that only reads (`EVAL_RO`): Redis then refuses what it would write, and a user without the right
 * to write may run it. Where Redis (before 7) or the user does not know that command, it is sent as any other script.
 */
export function lookOnly(client: Redis): void {
  looking.add(client);
  let isKnown = true;
  const send = client.sendCommand.bind(client);
  const sendPlain = (command: Command, refusal: Error, reject: Command['reject']) => {
    const plain = new Command(command.name.replace('_ro', ''), command.args as string[], {
      replyEncoding: 'utf8',
    });
    // The first refusal names what is missing.
    plain.promise.then(command.resolve, (other: Error) =>
      reject.call(command, other.message.startsWith('NOPERM') ? refusal : other),
    );
    void send(plain);
  };
  client.sendCommand = (command, stream) => {
    if (isKnown && isScript(command.name)) {
      asReading(command);
      const { reject } = command;
      command.reject = (refusal: Error) => {
        const isUnknown = UNKNOWN.test(refusal.message);
        if (isUnknown) isKnown = false;
        if (isUnknown || REFUSED.test(refusal.message)) sendPlain(command, refusal, reject);
        else reject.call(command, refusal);
      };
    }
    return send(command, stream);
  };
}

const isScript = (name: string): boolean => name === 'eval' || name === 'evalsha';

/** Upstream: a script that ioredis knows by its hash chooses its command only when it is written to the socket. */
function asReading(command: Command): void {
  let { name } = command;
  Object.defineProperty(command, 'name', {
    get: () => (isScript(name) ? `${name}_ro` : name),
    set(next: string) {
      name = next;
    },
    configurable: true,
  });
}
