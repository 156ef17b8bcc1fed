import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { defineJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer } from '../support/apps.js';
import { startConsole, VIEWER } from '../support/console.js';
import { basic } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const PATIENCE = { timeout: 60_000 };
const Pdf = defineJob('pdf', { queue: 'pdf' });

/** One who looks on, and what they were told so far. */
async function lookOn(url: string, headers: Record<string, string> = {}) {
  const request = get(`${url}/api/stream`, {
    headers: { authorization: basic(VIEWER), ...headers },
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => (text += part));
  onTestFinished(() => void request.destroy());
  return { response, text: () => text, leave: () => request.destroy() };
}

/** Every command that Redis is asked from now on: when, in seconds, and what. */
async function watchCommands(redis: RedisServer) {
  const socket = connect(redis.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const seen: { at: number; command: string }[] = [];
  createInterface({ input: socket }).on('line', (line) => {
    const [, at, command] = /^\+(\d+\.\d+) \[[^\]]*\] "(.*)"$/.exec(line) ?? [];
    if (command !== undefined) seen.push({ at: Number(at), command: command.toLowerCase() });
  });
  socket.write('MONITOR\r\n');
  await once(socket, 'data');
  return seen;
}

/** Two apps that nobody works for, so that nobody but the console asks Redis, and what it asks. */
async function scene() {
  Logger.overrideLogger(false);
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  for (const app of ['orders', 'shop']) {
    const ends: (() => Promise<void>)[] = [];
    const { queue } = await startProducer({ app, redis: redis.url }, { atEnd: (end) => ends.push(end) });
    await queue.enqueue(Pdf, undefined);
    for (const end of ends) await end();
  }
  const console = await startConsole({ redis: redis.url });
  return { ...console, redis };
}

it('asks Redis no more for two hundred viewers than for one, and nothing without any', async () => {
  const { url, redis } = await scene();
  const seen = await watchCommands(redis);
  const looks = () => seen.flatMap(({ command }, at) => (command.startsWith('info') ? [at] : []));
  /** What is asked in three looks, each with what belongs to it. */
  const costOf = async () => {
    const from = looks().length;
    await eventually(() => looks().length > from + 4, PATIENCE);
    const marks = looks().slice(from + 1, from + 5);
    const times = marks.map((at) => seen[at]!.at);
    return { commands: marks[3]! - marks[0]!, pauses: times.slice(1).map((at, index) => at - times[index]!) };
  };
  const first = await lookOn(url);
  await eventually(() => first.text().includes('event: acts'), PATIENCE);
  const one = await costOf();
  const others = await Promise.all(Array.from({ length: 199 }, () => lookOn(url)));
  await eventually(() => others.every(({ text }) => text().includes('"app":"shop"')), PATIENCE);
  const all = await costOf();
  // Schedules and lost workers are looked at every five seconds: in one of the two, and perhaps not in the other.
  expect(all.commands).toBeLessThan(5 * one.commands);
  expect(Math.min(...one.pauses, ...all.pauses)).toBeGreaterThan(0.9);

  for (const { leave } of [first, ...others]) leave();
  // A look that was under way comes to its end; the next one would be there within a second.
  await eventually(() => Date.now() / 1_000 - seen.at(-1)!.at > 3, PATIENCE);
}, 120_000);

it('says that Redis is away, and that it is back', async () => {
  const { url, redis } = await scene();
  const { response, text } = await lookOn(url);
  expect(response.headers['content-type']).toMatch('text/event-stream');
  await eventually(() => text().includes('event: overview'), PATIENCE);
  await redis.kill();
  await eventually(() => /event: overview\n.*\n.*"stale":"[^"]*Redis/.test(text()), PATIENCE);
  await redis.restart();
  const before = text().length;
  await eventually(() => /event: overview\n.*\n(?!.*"stale")/.test(text().slice(before)), PATIENCE);
}, 120_000);

it('looks at the queues where it tells of queues, not to name the apps', async () => {
  const { json, redis } = await scene();
  await json('/api/overview');
  await json('/api/workers');
  const seen = await watchCommands(redis);
  for (const path of ['/api/workers', '/api/schedules'])
    expect(await json(path)).toMatchObject({ status: 200 });
  await redis.cli('set', 'asked', 'all');
  await eventually(() => seen.some(({ command }) => command.startsWith('set" "asked')), PATIENCE);
  expect(seen.filter(({ command }) => command.includes(':wait'))).toEqual([]);
});
