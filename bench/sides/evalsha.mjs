// @ts-check
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { jobOptions, prefix } from './bullmq-options.mjs';
import { payloadOf } from '../payload.mjs';

/**
 * The ceiling: the script that adds a job, sent again and again as it is, with nothing of a library around it. The recorded call has
 * no id of its own, so that each makes a new job.
 *
 * @param {string} url
 * @returns {Promise<import('./side.d.mts').Side>}
 */
export async function open(url) {
  const args = await recordedCall(url);
  const redis = new Redis(url);
  const send = () => redis.call('evalsha', ...args);
  return {
    enqueue: send,
    async enqueueMany(payloads) {
      const pipeline = redis.pipeline();
      for (const _payload of payloads) pipeline.call('evalsha', ...args);
      await pipeline.exec();
    },
    work: () => Promise.reject(new Error('it only enqueues')),
  };
}

/** The arguments of EVALSHA when a job is added. @param {string} url */
async function recordedCall(url) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('bench', { connection, prefix });
  await queue.waitUntilReady();
  const { jobId: _jobId, ...options } = jobOptions();
  // The first one may load the script.
  await queue.add('task', payloadOf(0), options);
  /** @type {(string | Buffer | number)[]} */
  let args = [];
  const sendCommand = connection.sendCommand.bind(connection);
  connection.sendCommand = (command, ...rest) => {
    if (command.name === 'evalsha') args = /** @type {(string | Buffer)[]} */ ([...command.args]);
    return sendCommand(command, ...rest);
  };
  await queue.add('task', payloadOf(0), options);
  if (args.length === 0) throw new Error('the engine sent no EVALSHA');
  return args;
}
