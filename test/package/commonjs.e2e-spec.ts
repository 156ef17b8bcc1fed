import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { defineJob } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { AppProcess } from '../support/processes.js';
import { sharedRedisUrl } from '../support/redis.js';
import { AdopterProject } from './adopter.project.js';

const NEST_11 = {
  '@nestjs/bullmq': '^11.0.5',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/platform-express': '^11.0.0',
  '@nestjs/platform-fastify': '^11.0.0',
  '@nestjs/terminus': '^11.1.0',
  '@nestjs/testing': '^11.0.0',
};
const SOURCES = 'test/package/commonjs';
const Judge = defineJob<{ verdict: string }>('judge', { retry: false });

let project: AdopterProject;
beforeAll(async () => {
  project = await AdopterProject.create(NEST_11, 'commonjs');
  await cp(SOURCES, join(project.dir, 'commonjs'), { recursive: true });
}, 300_000);
afterAll(() => project[Symbol.asyncDispose]());

/** What a worker writes of one job that completes and one that dies. */
async function linesOf(nest: number, env: Record<string, string>): Promise<string[]> {
  const app = uniqueApp();
  const dir = nest === 11 ? join(project.dir, 'commonjs') : resolve(SOURCES);
  const settings = { SCALR_APP: app, SCALR_REDIS_URL: sharedRedisUrl(), NO_COLOR: '1', ...env };
  await using worker = await AppProcess.start({ script: join(dir, 'worker.cjs'), cwd: dir, env: settings });
  const { queue } = await startProducer({ app });
  await queue.enqueue(Judge, { verdict: 'innocent' }, { id: 'free' });
  await worker.waitForOutput(/completed judge free/);
  await queue.enqueue(Judge, { verdict: 'guilty' }, { id: 'jailed' });
  await worker.waitForOutput(/dead judge jailed/);
  await worker.stop();
  return worker.output.split('\n').filter((line) => /free|jailed|verdict/.test(line));
}

describe.each([11, 12])('a worker on Nest %s', (nest) => {
  it('writes a line per event of a job, and the job on the lines of its handler', async () => {
    const lines = await linesOf(nest, { NODE_ENV: 'development' });
    const texts = lines.map((line) => line.replace(/^.* (?=\[(?:Job|Judge)\] )/, ''));
    expect(texts.filter((line) => line.startsWith('['))).toEqual([
      '[Job] started judge free in default: attempt 1 of 1',
      expect.stringMatching(/^\[Judge\] the verdict is innocent \[job free\]/) as string,
      expect.stringMatching(/^\[Job\] completed judge free in default: .*ran \d+ ms$/) as string,
      '[Job] started judge jailed in default: attempt 1 of 1',
      expect.stringMatching(/^\[Judge\] the verdict is guilty \[job jailed\]/) as string,
      expect.stringMatching(/^\[Job\] dead judge jailed in default: attempts, .*Error: guilty$/) as string,
    ]);
  });

  it('writes JSON lines in production, with the fields of the job in each', async () => {
    const lines = (await linesOf(nest, { NODE_ENV: 'production' })).map((line) => JSON.parse(line) as object);
    const job = { jobName: 'judge', queue: 'default', attempt: 1 };
    const own = { context: 'Judge', password: '[REDACTED]', court: 'high', ...job };
    expect(lines).toMatchObject([
      { context: 'Job', event: 'started', jobId: 'free', ...job },
      { message: 'the verdict is innocent', jobId: 'free', ...own },
      { event: 'completed', jobId: 'free', runMs: expect.any(Number) as number, ...job },
      { event: 'started', jobId: 'jailed', ...job },
      { message: 'the verdict is guilty', jobId: 'jailed', ...own },
      { level: 'error', event: 'dead', jobId: 'jailed', reason: 'attempts', errorMessage: 'guilty', ...job },
    ]);
  });
});

it.each([
  [11, 'express'],
  [11, 'fastify'],
  [12, 'express'],
  [12, 'fastify'],
])('is the console of an app on Nest %s and %s', async (nest, platform) => {
  const dir = nest === 11 ? join(project.dir, 'commonjs') : resolve(SOURCES);
  const env = { SCALR_APP: uniqueApp(), SCALR_REDIS_URL: sharedRedisUrl() };
  const { output, code } = await project.node([join(dir, 'console.cjs'), platform], env);
  expect({ output: output.trim().split('\n'), code }).toEqual({
    output: [
      '308 null',
      '/ 200 text/html; charset=utf-8',
      '/api/me 200 application/json; charset=utf-8',
      '/api/overview 200 application/json; charset=utf-8',
    ],
    code: 0,
  });
});

it('is loaded by Jest as an app in CommonJS sets it up', async () => {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const config = JSON.stringify({ rootDir: join(project.dir, 'commonjs'), transform: {} });
  const args = [jest, '--config', config, '--runInBand', '--no-cache', '--no-color'];
  const { output, code } = await project.node([...args, '--json'], { VITEST: '' });
  expect({ output, code }).toMatchObject({
    output: expect.stringContaining('"numPassedTests":3,') as string,
    code: 0,
  });
});
