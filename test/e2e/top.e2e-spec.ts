import { spawn, spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { BIN, environmentFor, runCommand } from './support/command-line.js';
import { closedGate, Held, startHeldProducer, startHeldWorker } from './support/held.js';
import { ready, startRedis } from './support/start.js';

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?25h\u001b[?1049l';

async function startBusyApp() {
  const redis = await startRedis();
  const worker = await startHeldWorker(redis.url, { SCALR_WORKER_CONCURRENCY: '1' });
  await ready(worker);
  const { queue } = await startHeldProducer(redis.url);
  const gate = await closedGate();
  await queue.enqueue(Held, { gate: '/nowhere' }, { timeout: 20, retry: false });
  await queue.enqueueMany(Held, [{ gate: gate.path }, { gate: gate.path }, { gate: gate.path }]);
  await worker.process.waitForOutput(/started[^]*started/);
  return { redis, worker };
}

it('prints one view where the output is no terminal', async () => {
  const { redis, worker } = await startBusyApp();
  const { code, output } = await runCommand(redis.url, 'top');
  expect(code).toBe(0);
  expect(output).toMatch(/^scalr-queue top {2}e2e {2}2 waiting · 0 delayed · 1 running · 1 dead · 1 worker/);
  expect(output).toMatch(/default +2 +0 +1 +1 +\S+ +0 +0 +0 +[\d.]+ +1\n/);
  expect(output).toContain(`:${worker.process.pid}`);
  expect(output).toMatch(/1 {2}attempts: JobTimeoutError \[JOB_TIMEOUT\]/);
  expect(output).not.toContain('\u001b');
  const json = await runCommand(redis.url, 'top', '--once', '--json');
  expect(JSON.parse(json.output)).toMatchObject({
    queues: [{ name: 'default', waiting: 2, running: 1, dead: 1 }],
    workers: [{ pid: worker.process.pid }],
  });
});

it('refuses an interval that would burden Redis', async () => {
  const { code, output } = await runCommand('redis://127.0.0.1:1', 'top', '--interval', '10ms');
  expect(code).toBe(2);
  expect(output).toContain('expected --interval to be a duration from 250');
});

describe.runIf(spawnSync('script', ['--version']).status === 0)('on a terminal (needs script)', () => {
  /** `top` under a pseudo terminal, which `script` makes. */
  function startOnTerminal(redisUrl: string) {
    const line = `sh -c 'echo pid=$$; stty rows 40 cols 120; exec ${process.execPath} ${BIN} top --interval 250'`;
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      env: { ...process.env, ...environmentFor(redisUrl), TERM: 'xterm' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const seen = { text: '', code: undefined as number | null | undefined };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.text += text));
    child.on('close', (code) => (seen.code = code));
    return { seen, press: (key: string) => child.stdin.write(key) };
  }

  it('draws over itself until it is told to end, and leaves the terminal as it was', async () => {
    const { redis } = await startBusyApp();
    const endsAt = async (end: 'q' | '\u0003' | 'SIGTERM') => {
      const { seen, press } = startOnTerminal(redis.url);
      await eventually(() => expect(seen.text.split('scalr-queue top').length).toBeGreaterThan(2), {
        timeout: 20_000,
      });
      expect(seen.text).toContain(ENTER);
      // Never cleared as a whole: that would flicker.
      expect(seen.text).not.toContain('\u001b[2J');
      press('p');
      await eventually(() => expect(seen.text).toContain('paused · p go on'));
      if (end === 'SIGTERM') process.kill(Number(/pid=(\d+)/.exec(seen.text)![1]), end);
      else press(end);
      await eventually(() => expect({ end, code: seen.code }).toEqual({ end, code: 0 }));
      expect(seen.text.trimEnd().endsWith(LEAVE)).toBe(true);
    };
    await Promise.all([endsAt('q'), endsAt('\u0003'), endsAt('SIGTERM')]);
  });
});
