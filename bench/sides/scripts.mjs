// @ts-check
import { Redis } from 'ioredis';
import { payloadOf } from '../payload.mjs';
import { open as openLibrary } from './scalr-queue.mjs';

/**
 * The ceiling of our own scripts: the call that adds a lone job, and those that add 1,000, recorded and sent again and again with new
 * ids, with nothing of a library around it.
 *
 * @param {string} url
 * @returns {Promise<import('./side.d.mts').Side>}
 */
export async function open(url) {
  const calls = await recordedCalls(url);
  const redis = new Redis(url);
  return {
    enqueue: () => redis.call('evalsha', ...renewed(calls.one)),
    enqueueMany: () => Promise.all(calls.many.map((args) => redis.call('evalsha', ...renewed(args)))),
    work: () => Promise.reject(new Error('it only enqueues')),
  };
}

/** The arguments of EVALSHA, cut where the last digits of an id stand. @param {string} url */
async function recordedCalls(url) {
  /** @type {string[][]} */
  let sent = [];
  const sendCommand = Reflect.get(Redis.prototype, 'sendCommand');
  /** @type {Redis['sendCommand']} */
  Redis.prototype.sendCommand = function (command, ...rest) {
    if (command.name === 'evalsha') sent.push(command.args.map(String));
    return sendCommand.call(this, command, ...rest);
  };
  const library = await openLibrary(url);
  const record = async (/** @type {() => Promise<unknown>} */ call) => {
    // The first one may load the script.
    await call();
    sent = [];
    await call();
    return sent.map((args) => args.map((text) => text.split(LAST_DIGITS)));
  };
  const [one] = await record(() => library.enqueue(payloadOf(0)));
  const many = await record(() =>
    library.enqueueMany(Array.from({ length: 1_000 }, (_, number) => payloadOf(number))),
  );
  Redis.prototype.sendCommand = sendCommand;
  if (!one || many.length === 0) throw new Error('the library sent no EVALSHA');
  return { one, many };
}

const LAST_DIGITS = /(?<=task~[\da-f-]{24})[\da-f]{12}/;
let ids = 0;

/** @param {string[][]} args */
function renewed(args) {
  return args.map((parts) =>
    parts.reduce((text, part) => `${text}${(++ids).toString(16).padStart(12, '0')}${part}`),
  );
}
